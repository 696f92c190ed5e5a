import assert from "node:assert/strict";
import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { LoraError } from "../../../lib/lora/lora_error.ts";
import { LoraFile } from "../../../lib/lora/lora_file.ts";
import {
  findLoraModules,
  flatLoraName,
  LORA_FILE,
  parseLoraKey,
  parseLoraLocation,
} from "../../../lib/lora/lora_names.ts";
import { LowRankProduct } from "../../../lib/lora/low_rank_product.ts";
import { mergeLoras } from "../../../lib/lora/lora_merge.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

type Tensors = Record<string, TensorToWrite>;

/** Returns values in (-1, 1) without a pattern. */
function tensor(shape: readonly number[], seed: number): TensorToWrite {
  const size = shapeSize(shape);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * 1.7 + seed * 37));
  return { shape, data };
}

function source(tensors: Tensors, name: string, metadata = {}) {
  return memorySource(writeSafetensors(tensors, metadata), name);
}

function openLora(tensors: Tensors, metadata = {}): LoraFile {
  return LoraFile.fromSource(source(tensors, "lora.safetensors", metadata));
}

function openWeights(tensors: Tensors): StateDict {
  return StateDict.fromSources([source(tensors, "unet.safetensors")]);
}

function read(weights: StateDict, key: string, start?: number, count?: number): Float32Array {
  return new Float32Array(weights.get(key).read("float32", start, count).slice().buffer);
}

function factorOfFirst(lora: LoraFile): number {
  const { change } = lora.updates("unet")[0]!;
  assert(change instanceof LowRankProduct);
  return change.factor;
}

/** The definition: W[o, i] + factor * sum over r of up[o, r] * down[r, i], in float64. */
function merged(w: TensorToWrite, up: TensorToWrite, down: TensorToWrite, factor: number) {
  const rank = down.shape[0]!;
  const rowSize = w.data.length / w.shape[0]!;
  return Array.from(w.data, (value, k) => {
    const [o, i] = [Math.floor(k / rowSize), k % rowSize];
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += up.data[o * rank + r]! * down.data[r * rowSize + i]!;
    return value + factor * sum;
  });
}

Deno.test("parseLoraKey() reads the keys of peft, diffusers and kohya", () => {
  const block = "down_blocks.1.attentions.0";
  const expected: Record<string, readonly [string, string, string]> = {
    [`unet.${block}.proj_in.lora_A.weight`]: ["unet", `${block}.proj_in`, "down"],
    [`unet.${block}.proj_in.lora.up.weight`]: ["unet", `${block}.proj_in`, "up"],
    [`${block}.proj_in.lora_B.default.weight`]: ["unet", `${block}.proj_in`, "up"],
    [`base_model.model.unet.${block}.proj_in.lora_A.weight`]: ["unet", `${block}.proj_in`, "down"],
    [`unet.${block}.attn1.processor.to_q_lora.down.weight`]: [
      "unet",
      `${block}.attn1.to_q`,
      "down",
    ],
    [`unet.${block}.attn2.processor.to_out_lora.up.weight`]: [
      "unet",
      `${block}.attn2.to_out.0`,
      "up",
    ],
    "text_encoder.text_model.encoder.layers.0.self_attn.to_v_lora.up.weight": [
      "text_encoder",
      "text_model.encoder.layers.0.self_attn.v_proj",
      "up",
    ],
    "text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_linear_layer.down.weight": [
      "text_encoder_2",
      "text_model.encoder.layers.0.mlp.fc1",
      "down",
    ],
    "lora_unet_input_blocks_4_1_proj_in.alpha": ["unet", "input_blocks_4_1_proj_in", "alpha"],
    "lora_te1_text_model_encoder_layers_3_mlp_fc2.lora_down.weight": [
      "text_encoder",
      "text_model_encoder_layers_3_mlp_fc2",
      "down",
    ],
    "lora_te2_text_projection.lora_up.weight": ["text_encoder_2", "text_projection", "up"],
  };
  for (const [key, [component, module, part]] of Object.entries(expected)) {
    assert.deepEqual(parseLoraKey(key), { component, module, part }, key);
  }
  for (
    const key of ["lora_unet_x.boft_b", "unet.x.oft_R.weight", "x.lora_A.weight", "x.weight"]
  ) {
    assert.equal(parseLoraKey(key), undefined, key);
  }
});

// Names of kohya's files for SDXL. Source: sdxl_original_unet.py of kohya-ss/sd-scripts.
Deno.test("parseLoraLocation() splits paths, addresses and ids into folder and file", () => {
  const expected: Readonly<Record<string, readonly [folder: string, path: string]>> = {
    "owner/name": ["owner/name", LORA_FILE],
    "owner/name:x.safetensors": ["owner/name", "x.safetensors"],
    "owner/name@refs/pr/1:a/x.safetensors": ["owner/name@refs/pr/1", "a/x.safetensors"],
    "x.safetensors": [".", "x.safetensors"],
    "loras/x.safetensors": ["./loras", "x.safetensors"],
    "/loras/x.safetensors": ["/loras", "x.safetensors"],
    "~/x.safetensors": ["~", "x.safetensors"],
    "https://host/a/x.safetensors": ["https://host/a/", "x.safetensors"],
    // Not a valid address: a path.
    "http://[/x.safetensors": ["./http://[", "x.safetensors"],
  };
  for (const [location, [folder, path]] of Object.entries(expected)) {
    assert.deepEqual(parseLoraLocation(location), { folder, path }, location);
  }
});

Deno.test("findLoraModules() knows the names of Stability's code", () => {
  const keys: Record<string, string> = {
    "conv_in": "input_blocks_0_0",
    "down_blocks.0.resnets.0.conv1": "input_blocks_1_0_in_layers_2",
    "down_blocks.0.resnets.1.time_emb_proj": "input_blocks_2_0_emb_layers_1",
    "down_blocks.0.downsamplers.0.conv": "input_blocks_3_0_op",
    "down_blocks.1.resnets.0.conv_shortcut": "input_blocks_4_0_skip_connection",
    "down_blocks.1.attentions.0.proj_in": "input_blocks_4_1_proj_in",
    "down_blocks.1.resnets.1.conv2": "input_blocks_5_0_out_layers_3",
    "mid_block.resnets.0.conv1": "middle_block_0_in_layers_2",
    "mid_block.attentions.0.proj_out": "middle_block_1_proj_out",
    "mid_block.resnets.1.conv1": "middle_block_2_in_layers_2",
    "up_blocks.0.resnets.0.conv1": "output_blocks_0_0_in_layers_2",
    "up_blocks.0.attentions.0.proj_in": "output_blocks_0_1_proj_in",
    "up_blocks.0.resnets.1.conv1": "output_blocks_1_0_in_layers_2",
    "up_blocks.0.upsamplers.0.conv": "output_blocks_1_2_conv",
    "up_blocks.1.resnets.0.conv1": "output_blocks_2_0_in_layers_2",
    "up_blocks.1.upsamplers.0.conv": "output_blocks_2_1_conv",
    "time_embedding.linear_2": "time_embed_2",
    "add_embedding.linear_1": "label_emb_0_0",
    "conv_out": "out_2",
  };
  using weights = openWeights(
    Object.fromEntries(Object.keys(keys).map((key, i) => [`${key}.weight`, tensor([2, 1], i)])),
  );
  const modules = findLoraModules(weights);
  for (const [module, name] of Object.entries(keys)) {
    assert.equal(modules.get(name), `${module}.weight`, name);
    assert.equal(modules.get(flatLoraName(module)), `${module}.weight`, module);
  }
});

Deno.test("mergeLoras() adds scale * alpha / rank * up * down, for any part of a weight", () => {
  const w = tensor([7, 5], 1);
  const [down, up] = [tensor([3, 5], 2), tensor([7, 3], 3)];
  const conv = tensor([4, 2, 3, 3], 4);
  const [convDown, convUp] = [tensor([6, 2, 3, 3], 5), tensor([4, 6, 1, 1], 6)];
  using weights = openWeights({ "mid_block.a.weight": w, "mid_block.b.weight": conv });
  using lora = openLora({
    "lora_unet_mid_block_a.lora_down.weight": down,
    "lora_unet_mid_block_a.lora_up.weight": up,
    "lora_unet_mid_block_a.alpha": { shape: [], data: Float32Array.of(2) },
    "lora_unet_mid_block_b.lora_down.weight": convDown,
    "lora_unet_mid_block_b.lora_up.weight": convUp,
  });
  const result = mergeLoras(weights, "unet", [{ lora, scale: 0.7 }]);
  const expected = merged(w, up, down, 0.7 * 2 / 3);
  assertAllClose(read(result, "mid_block.a.weight"), expected, { atol: 1e-6 });
  for (const [start, count] of [[0, 3], [3, 9], [5, 5], [34, 1], [11, 24]] as const) {
    const part = expected.slice(start, start + count);
    assertAllClose(read(result, "mid_block.a.weight", start, count), part, { atol: 1e-6 });
  }
  const convExpected = merged(conv, convUp, convDown, 0.7);
  assertAllClose(read(result, "mid_block.b.weight"), convExpected, { atol: 1e-6 });
  const halves = new Float16Array(
    result.get("mid_block.a.weight").read("float16").slice().buffer,
  );
  assertAllClose(Float32Array.from(halves), expected, { atol: 1e-3 });
  assert.deepEqual(read(weights, "mid_block.a.weight"), w.data, "the file was written to");
});

Deno.test("mergeLoras() adds several LoRAs, each with its scale", () => {
  const w = tensor([3, 4], 1);
  const factors = [1, 2].map((seed) => [tensor([2, 4], seed + 10), tensor([3, 2], seed + 20)]);
  using weights = openWeights({ "mid_block.a.weight": w });
  using stack = new DisposableStack();
  const loras = factors.map(([down, up]) =>
    stack.use(openLora({
      "unet.mid_block.a.lora_A.weight": down!,
      "unet.mid_block.a.lora_B.weight": up!,
    }))
  );
  const both = mergeLoras(weights, "unet", [
    { lora: loras[0]!, scale: 0.5 },
    { lora: loras[1]!, scale: -2 },
  ]);
  const first = merged(w, factors[0]![1]!, factors[0]![0]!, 0.5);
  const zero = { shape: w.shape, data: new Float32Array(12) };
  const second = merged(zero, factors[1]![1]!, factors[1]![0]!, -2);
  const expected = first.map((value, i) => value + second[i]!);
  assertAllClose(read(both, "mid_block.a.weight"), expected, { atol: 1e-6 });
  assert.equal(mergeLoras(weights, "unet", [{ lora: loras[0]!, scale: 0 }]), weights);
  assert.equal(mergeLoras(weights, "text_encoder", [{ lora: loras[0]!, scale: 1 }]), weights);
});

Deno.test("mergeLoras() takes alpha from the metadata that diffusers writes", () => {
  const [down, up] = [tensor([4, 4], 2), tensor([3, 4], 3)];
  const factorOf = (settings: Record<string, unknown>) => {
    using lora = openLora({
      "unet.mid_block.a.lora_A.weight": down,
      "unet.mid_block.a.lora_B.weight": up,
    }, { lora_adapter_metadata: JSON.stringify(settings) });
    return factorOfFirst(lora);
  };
  assert.equal(factorOf({}), 1);
  assert.equal(factorOf({ "unet.lora_alpha": 8 }), 2);
  assert.equal(factorOf({ "unet.lora_alpha": 8, "unet.alpha_pattern": { a: 1 } }), 0.25);
  assert.equal(factorOf({ "unet.lora_alpha": 8, "unet.use_rslora": true }), 4);
  assert.equal(factorOf({ "unet.alpha_pattern": { "mid_block.a": 2, a: 1 } }), 0.5);
  assert.equal(factorOf({ "unet.alpha_pattern": { a: 1, "mid_block.a": 2 } }), 0.25);
  assert.equal(factorOf({ "unet.alpha_pattern": { "block.a": 1, "": 1 } }), 1);
  assert.throws(() => factorOf({ "unet.use_dora": true }), { name: "LoraError" });
});

Deno.test("LoraFile refuses metadata that is deeply nested, and ignores numbers without end", () => {
  const [down, up] = [tensor([4, 4], 2), tensor([3, 4], 3)];
  const open = (settings: string) =>
    openLora({
      "unet.mid_block.a.lora_A.weight": down,
      "unet.mid_block.a.lora_B.weight": up,
    }, { lora_adapter_metadata: settings });
  const start = performance.now();
  assert.throws(
    () => open("[".repeat(10_000_000)),
    /"lora_adapter_metadata" in its metadata is not valid: expected at most 8 levels, got more$/,
  );
  assert.equal(performance.now() - start < 2000, true);
  using lora = open(`{"unet.lora_alpha": 1e999}`);
  assert.equal(factorOfFirst(lora), 1);
});

Deno.test("LoraFile refuses a rank of 0", () => {
  const a = "unet.mid_block.a";
  const empty = (shape: readonly number[]) => ({ shape, data: new Float32Array(0) });
  assert.throws(
    () =>
      openLora({ [`${a}.lora_A.weight`]: empty([0, 4]), [`${a}.lora_B.weight`]: empty([3, 0]) }),
    /expected both factors of module "mid_block.a"/,
  );
});

Deno.test("mergeLoras() finds modules of text encoders with and without text_model", () => {
  const [w, down, up] = [tensor([3, 4], 1), tensor([2, 4], 2), tensor([3, 2], 3)];
  const module = "encoder.layers.0.mlp.fc1";
  const flat = `lora_te1_text_model_${module.replaceAll(".", "_")}`;
  using lora = openLora({ [`${flat}.lora_down.weight`]: down, [`${flat}.lora_up.weight`]: up });
  for (const key of [`${module}.weight`, `text_model.${module}.weight`]) {
    using weights = openWeights({ [key]: w });
    const result = mergeLoras(weights, "text_encoder", [{ lora, scale: 1 }]);
    assertAllClose(read(result, key), merged(w, up, down, 1), { atol: 1e-6 });
  }
});

Deno.test("LoraFile names the keys that it does not know", () => {
  const [down, up] = [tensor([2, 4], 2), tensor([3, 2], 3)];
  const a = "unet.mid_block.a";
  assert.throws(
    () => openLora({ [`${a}.oft_R.weight`]: down, "noise": up, "x.diff": up, "y.diff": up }),
    (error: unknown) => {
      assert.ok(error instanceof LoraError);
      assert.equal(error.keys.length, 4);
      assert.match(
        error.message,
        /\.lora_down\.weight or similar, got "unet\.mid_block\.a\.oft_R\.weight", .* and 1 more$/,
      );
      return true;
    },
  );
  assert.throws(
    () => openLora({ [`${a}.lora_A.weight`]: down }),
    /expected both factors of module/,
  );
  assert.throws(() => openLora({}), /has no tensors$/);
});

Deno.test("mergeLoras() refuses modules and shapes that the network does not have", () => {
  const [down, up] = [tensor([2, 4], 2), tensor([3, 2], 3)];
  using lora = openLora({
    "unet.mid_block.a.lora_A.weight": down,
    "unet.mid_block.a.lora_B.weight": up,
  });
  const merge = (key: string, shape: readonly number[]) => {
    using weights = openWeights({ [key]: tensor(shape, 1) });
    mergeLoras(weights, "unet", [{ lora, scale: 1 }]);
  };
  merge("mid_block.a.weight", [3, 4]);
  merge("mid_block.a.weight", [3, 4, 1, 1]);
  assert.throws(() => merge("mid_block.b.weight", [3, 4]), {
    name: "LoraError",
    message: 'Cannot use "lora.safetensors" as LoRA: expected modules of the unet ' +
      '"unet.safetensors", got "unet.mid_block.a.lora_A.weight"',
  });
  for (const shape of [[4, 4], [3, 5], [3, 4, 3, 3]]) {
    assert.throws(() => merge("mid_block.a.weight", shape), /got \[3, 2\] and \[2, 4\]$/);
  }
});
