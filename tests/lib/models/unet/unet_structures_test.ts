import assert from "node:assert/strict";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { buildUnet } from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { parseUnetConfig } from "../../../../lib/models/unet/unet_config.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { runGraph, scatter } from "../../onnx/run_graph.ts";
import { addLayer, randomWeights, type WeightShapes } from "../random_weights.ts";

/** Widths of a network. */
interface Widths {
  /** Channels of the three levels. */
  readonly channels: readonly [number, number, number];
  /** Width of a token of the prompt. */
  readonly cross: number;
  /** Width of the pooled prompt and the embedded sizes; undefined without added conditions. */
  readonly added?: number;
}

const SMALL: Widths = { channels: [16, 32, 48], cross: 24, added: 36 };

const OPTIONS = {
  _class_name: "UNet2DConditionModel",
  act_fn: "silu",
  addition_embed_type: "text_time",
  addition_time_embed_dim: 4,
  attention_head_dim: [2, 4, 6],
  block_out_channels: [16, 32, 48],
  cross_attention_dim: 24,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  layers_per_block: 2,
  norm_num_groups: 8,
  projection_class_embeddings_input_dim: 36,
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  use_linear_projection: true,
};

/** The structure of Segmind's SSD-1B: nested lists, and no middle block. */
const SSD_1B = {
  ...OPTIONS,
  mid_block_type: null,
  reverse_transformer_layers_per_block: [[3, 3, 4], [2, 1, 1], 1],
  transformer_layers_per_block: [1, [1, 1], [2, 3]],
};

const open = (options: Record<string, unknown>) =>
  parseUnetConfig(new ModelConfig("unet/config.json", options));

function addResnet(
  shapes: WeightShapes,
  path: string,
  { from, to, time }: { from: number; to: number; time: number },
): void {
  addLayer(shapes, `${path}.norm1`, [from]);
  addLayer(shapes, `${path}.conv1`, [to, from, 3, 3]);
  addLayer(shapes, `${path}.time_emb_proj`, [to, time]);
  addLayer(shapes, `${path}.norm2`, [to]);
  addLayer(shapes, `${path}.conv2`, [to, to, 3, 3]);
  if (from !== to) addLayer(shapes, `${path}.conv_shortcut`, [to, from, 1, 1]);
}

function addTransformer(
  shapes: WeightShapes,
  path: string,
  { width, depth, kernel, cross }: {
    width: number;
    depth: number;
    kernel: readonly number[];
    cross: number;
  },
): void {
  addLayer(shapes, `${path}.norm`, [width]);
  addLayer(shapes, `${path}.proj_in`, [width, width, ...kernel]);
  for (let i = 0; i < depth; i++) {
    const block = `${path}.transformer_blocks.${i}`;
    for (const norm of ["norm1", "norm2", "norm3"]) addLayer(shapes, `${block}.${norm}`, [width]);
    for (const [name, context] of [["attn1", width], ["attn2", cross]] as const) {
      shapes.set(`${block}.${name}.to_q.weight`, [width, width]);
      shapes.set(`${block}.${name}.to_k.weight`, [width, context]);
      shapes.set(`${block}.${name}.to_v.weight`, [width, context]);
      addLayer(shapes, `${block}.${name}.to_out.0`, [width, width]);
    }
    addLayer(shapes, `${block}.ff.net.0.proj`, [8 * width, width]);
    addLayer(shapes, `${block}.ff.net.2`, [width, 4 * width]);
  }
  addLayer(shapes, `${path}.proj_out`, [width, width, ...kernel]);
}

/** Numbers of transformer blocks; none for a block without attention. */
interface Depths {
  readonly down: readonly (readonly number[])[];
  readonly up: readonly (readonly number[])[];
  /** Undefined without a middle block, empty for one without attention. */
  readonly mid: readonly number[] | undefined;
  /** Kernel size of the projections: [] if they are linear layers. */
  readonly kernel: readonly number[];
}

/** Lists the keys of diffusers' network. */
function keysOf({ down, up, mid, kernel }: Depths, widths = SMALL): WeightShapes {
  const shapes: WeightShapes = new Map();
  const { channels: [high, middle, low], cross, added } = widths;
  const time = 4 * high;
  const resnet = (path: string, from: number, to: number) =>
    addResnet(shapes, path, { from, to, time });
  const transformer = (path: string, width: number, depth: number | undefined) => {
    if (depth !== undefined) addTransformer(shapes, path, { width, depth, kernel, cross });
  };
  addLayer(shapes, "conv_in", [high, 4, 3, 3]);
  addLayer(shapes, "time_embedding.linear_1", [time, high]);
  addLayer(shapes, "time_embedding.linear_2", [time, time]);
  if (added !== undefined) {
    addLayer(shapes, "add_embedding.linear_1", [time, added]);
    addLayer(shapes, "add_embedding.linear_2", [time, time]);
  }
  for (const [i, [from, to]] of [[high, high], [high, middle], [middle, low]].entries()) {
    const path = `down_blocks.${i}`;
    resnet(`${path}.resnets.0`, from!, to!);
    resnet(`${path}.resnets.1`, to!, to!);
    for (const layer of [0, 1]) transformer(`${path}.attentions.${layer}`, to!, down[i]![layer]);
    if (i < 2) addLayer(shapes, `${path}.downsamplers.0.conv`, [to!, to!, 3, 3]);
  }
  if (mid) {
    for (let i = 0; i <= mid.length; i++) resnet(`mid_block.resnets.${i}`, low, low);
    transformer("mid_block.attentions.0", low, mid[0]);
  }
  // Channels of the layer before plus channels of the skip connection.
  const upChannels = [
    [low + low, low + low, low + middle],
    [low + middle, middle + middle, middle + high],
    [middle + high, high + high, high + high],
  ];
  for (const [i, channels] of upChannels.entries()) {
    const path = `up_blocks.${i}`;
    const to = [low, middle, high][i]!;
    for (const [layer, from] of channels.entries()) {
      resnet(`${path}.resnets.${layer}`, from, to);
      transformer(`${path}.attentions.${layer}`, to, up[i]![layer]);
    }
    if (i < 2) addLayer(shapes, `${path}.upsamplers.0.conv`, [to, to, 3, 3]);
  }
  addLayer(shapes, "conv_norm_out", [high]);
  addLayer(shapes, "conv_out", [4, high, 3, 3]);
  return shapes;
}

/** Builds and runs a network; buildUnet() checks that every weight is used. */
async function run(options: Record<string, unknown>, depths: Depths) {
  const sizes = { batch: 1, height: 9, width: 6, promptLength: 5, residuals: true };
  const graph = buildUnet(randomWeights(keysOf(depths)), open(options), sizes);
  const feeds = graph.inputs.map(({ name, shape }, seed) => {
    const size = shapeSize(shape);
    return [name, { data: scatter(size, seed + 1), shape }] as const;
  });
  const { noise_pred: output } = await runGraph(graph, Object.fromEntries(feeds));
  assert.deepEqual(output!.shape, [1, 4, 9, 6]);
  assert.ok([...output!.data].every((value) => Number.isFinite(Number(value))));
  return graph;
}

Deno.test("buildUnet() builds nested depths without a middle block, as of SSD-1B", async () => {
  const graph = await run(SSD_1B, {
    down: [[], [1, 1], [2, 3]],
    up: [[3, 3, 4], [2, 1, 1], []],
    mid: undefined,
    kernel: [],
  });
  const attentions = graph.nodes.filter(({ op }) => op === "MultiHeadAttention").length;
  assert.equal(attentions, 2 * (1 + 1 + 2 + 3 + 3 + 3 + 4 + 2 + 1 + 1));
});

// Source: unet/config.json of stabilityai/stable-diffusion-xl-base-1.0.
const SDXL = {
  _class_name: "UNet2DConditionModel",
  _diffusers_version: "0.19.0.dev0",
  act_fn: "silu",
  addition_embed_type: "text_time",
  addition_embed_type_num_heads: 64,
  addition_time_embed_dim: 256,
  attention_head_dim: [5, 10, 20],
  block_out_channels: [320, 640, 1280],
  center_input_sample: false,
  class_embed_type: null,
  class_embeddings_concat: false,
  conv_in_kernel: 3,
  conv_out_kernel: 3,
  cross_attention_dim: 2048,
  cross_attention_norm: null,
  down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  downsample_padding: 1,
  dual_cross_attention: false,
  encoder_hid_dim: null,
  encoder_hid_dim_type: null,
  flip_sin_to_cos: true,
  freq_shift: 0,
  in_channels: 4,
  layers_per_block: 2,
  mid_block_only_cross_attention: null,
  mid_block_scale_factor: 1,
  mid_block_type: "UNetMidBlock2DCrossAttn",
  norm_eps: 1e-05,
  norm_num_groups: 32,
  num_attention_heads: null,
  num_class_embeds: null,
  only_cross_attention: false,
  out_channels: 4,
  projection_class_embeddings_input_dim: 2816,
  resnet_out_scale_factor: 1.0,
  resnet_skip_time_act: false,
  resnet_time_scale_shift: "default",
  sample_size: 128,
  time_cond_proj_dim: null,
  time_embedding_act_fn: null,
  time_embedding_dim: null,
  time_embedding_type: "positional",
  timestep_post_act: null,
  transformer_layers_per_block: [1, 2, 10],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
  upcast_attention: null,
  use_linear_projection: true,
};

Deno.test("buildUnet() builds SDXL", () => {
  const keys = keysOf({
    down: [[], [2, 2], [10, 10]],
    up: [[10, 10, 10], [2, 2, 2], []],
    mid: [10],
    kernel: [],
  }, { channels: [320, 640, 1280], cross: 2048, added: 2816 });
  const config = open(SDXL);
  assert.equal(config.addedConditions?.textEmbedDim, 1280);
  const sizes = { batch: 2, height: 128, width: 128, promptLength: 77 };
  const graph = buildUnet(randomWeights(keys), config, { ...sizes, precision: "float16" });
  // Source: the published checkpoint has 2,567,463,684 parameters in 1,680 tensors.
  assert.equal(graph.weights.length, 1680);
  const total = graph.weights.reduce((sum, { value }) => sum + shapeSize(value.shape), 0);
  assert.equal(total, 2_567_463_684);
});

Deno.test("buildUnet() refuses a depth that differs from the checkpoint", () => {
  const depths = { down: [[], [1, 1], [2, 2]], up: [[3, 3, 4], [2, 1, 1], []], kernel: [] };
  const weights = randomWeights(keysOf({ ...depths, mid: undefined }));
  const sizes = { batch: 1, height: 8, width: 8, promptLength: 5 };
  assert.throws(() => buildUnet(weights, open(SSD_1B), sizes), {
    name: "RangeError",
    message: /^Cannot find weight "down_blocks\.2\.attentions\.1\.transformer_blocks\.2\./,
  });
});

Deno.test("buildUnet() builds convolutions as projections, and depths of 0", async () => {
  await run({
    ...OPTIONS,
    transformer_layers_per_block: [0, 0, 2],
    use_linear_projection: false,
  }, {
    down: [[], [0, 0], [2, 2]],
    up: [[2, 2, 2], [0, 0, 0], []],
    mid: [2],
    kernel: [1, 1],
  });
});

Deno.test("buildUnet() builds without any attention", async () => {
  const { attention_head_dim: _, ...options } = OPTIONS;
  await run({
    ...options,
    down_block_types: ["DownBlock2D", "DownBlock2D", "DownBlock2D"],
    mid_block_type: "UNetMidBlock2D",
    up_block_types: ["UpBlock2D", "UpBlock2D", "UpBlock2D"],
  }, { down: [[], [], []], up: [[], [], []], mid: [], kernel: [] });
});

Deno.test("buildUnet() builds without added conditions, as of Stable Diffusion 1.5", async () => {
  const {
    addition_embed_type: _type,
    addition_time_embed_dim: _dim,
    projection_class_embeddings_input_dim: _width,
    ...options
  } = OPTIONS;
  const config = open({ ...options, addition_embed_type: null });
  assert.equal(config.addedConditions, undefined);
  assert.deepEqual(open(options), config);
  const keys = keysOf({
    down: [[], [1, 1], [1, 1]],
    up: [[1, 1, 1], [1, 1, 1], []],
    mid: [1],
    kernel: [],
  }, { channels: SMALL.channels, cross: SMALL.cross });
  // Two pictures of two rows each: the second picture's rows must get its own timestep.
  const sizes = { height: 8, width: 8, promptLength: 5 };
  const build = (pictures: number) =>
    buildUnet(randomWeights(keys), config, { ...sizes, batch: 2 * pictures, pictures });
  const [one, two] = [build(1), build(2)];
  assert.deepEqual(one.inputs.map(({ name }) => name), [
    "sample",
    "timestep",
    "encoder_hidden_states",
  ]);
  const sample = scatter(2 * 4 * 8 * 8);
  const prompt = scatter(2 * 5 * SMALL.cross, 2);
  const feeds = (times: readonly number[]) => {
    const repeat = (values: Float32Array) =>
      Float32Array.from(
        { length: times.length * values.length },
        (_, i) => values[i % values.length]!,
      );
    return {
      sample: { data: repeat(sample), shape: [2 * times.length, 4, 8, 8] },
      timestep: { data: Float32Array.from(times), shape: [times.length] },
      encoder_hidden_states: {
        data: repeat(prompt),
        shape: [2 * times.length, 5, SMALL.cross],
      },
    };
  };
  const { noise_pred: early } = await runGraph(one, feeds([900]));
  const { noise_pred: late } = await runGraph(one, feeds([20]));
  const { noise_pred: both } = await runGraph(two, feeds([900, 20]));
  assertAllClose(both!.data as Float32Array, [...early!.data, ...late!.data].map(Number), {
    atol: 1e-5,
  });
  assert.notDeepEqual(early!.data, late!.data);
});

Deno.test("parseUnetConfig() reads the number of heads under both of its names", () => {
  const heads = (options: Record<string, unknown>) =>
    open({ ...OPTIONS, ...options }).downBlocks.map((block) => block.heads);
  assert.deepEqual(heads({}), [2, 4, 6]);
  assert.deepEqual(heads({ attention_head_dim: 4 }), [4, 4, 4]);
  assert.deepEqual(heads({ num_attention_heads: [1, 2, 3] }), [1, 2, 3]);
});

Deno.test("parseUnetConfig() reads one number of layers, or one for each block", () => {
  const layers = (options: Record<string, unknown>) => {
    const { downBlocks, upBlocks } = open({ ...OPTIONS, ...options });
    return [...downBlocks, ...upBlocks].map((block) => block.layers);
  };
  assert.deepEqual(layers({}), [2, 2, 2, 3, 3, 3]);
  assert.deepEqual(layers({ layers_per_block: [1, 2, 3] }), [1, 2, 3, 4, 3, 2]);
});

// Options that would change the result, or that do not fit together.
const REFUSED: readonly (readonly [string, unknown])[] = [
  ["_class_name", "ControlNetModel"],
  ["act_fn", "mish"],
  ["addition_embed_type", "image"],
  ["addition_time_embed_dim", 5],
  ["attention_head_dim", [2, 4]],
  ["attention_head_dim", [2, 4, 5]],
  ["attention_type", "gated"],
  ["block_out_channels", 320],
  ["center_input_sample", true],
  ["class_embed_type", "timestep"],
  ["conv_in_kernel", 2],
  ["cross_attention_dim", [24, 24, 12]],
  ["cross_attention_norm", "layer_norm"],
  ["down_block_types", ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D"]],
  ["downsample_padding", 0],
  ["dual_cross_attention", true],
  ["encoder_hid_dim", 8],
  ["freq_shift", 0.5],
  ["mid_block_scale_factor", 2],
  ["mid_block_type", "UNetMidBlock2DSimpleCrossAttn"],
  ["norm_eps", 0],
  ["norm_num_groups", null],
  ["norm_num_groups", 5],
  ["only_cross_attention", [false, true, true]],
  ["projection_class_embeddings_input_dim", 24],
  ["quantization_config", { bits: 4 }],
  ["resnet_out_scale_factor", 2],
  ["resnet_skip_time_act", true],
  ["resnet_time_scale_shift", "scale_shift"],
  ["reverse_transformer_layers_per_block", [[1, 1], 1, 1]],
  ["time_cond_proj_dim", 256],
  ["time_embedding_type", "fourier"],
  ["transformer_layers_per_block", [1, 2]],
  ["transformer_layers_per_block", [1, [1, 1], [1, 2]]],
  ["down_block_types", ["DownBlock2D", "DownBlock2D"]],
  ["up_block_types", ["UpBlock2D", "UpBlock2D"]],
];

for (const [key, value] of REFUSED) {
  Deno.test(`parseUnetConfig() refuses ${key}: ${JSON.stringify(value)}`, () => {
    assert.throws(() => open({ ...OPTIONS, [key]: value }), {
      name: "ModelConfigError",
      file: "unet/config.json",
      key,
      value,
    });
  });
}
