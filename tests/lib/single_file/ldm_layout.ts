/**
 * Writes the tiny SDXL of the reference tensors as one file in the layout of Latent Diffusion: the
 * way back from diffusers, written for its structure of three levels with two layers each.
 */
import type { ModelFolder } from "../../../lib/weights/model_folder.ts";
import { BYTES_PER_VALUE, readSafetensorsHeader } from "../../../lib/weights/safetensors.ts";
import { findWeightFiles } from "../../../lib/weights/weight_files.ts";
import type { RawTensor } from "../weights/write_raw.ts";

export type RawTensors = Record<string, RawTensor>;

/** Changes the stored values of a tensor, such as their type. */
export type Recast = (tensor: RawTensor) => RawTensor;

/** Reads all tensors of a network as they are stored. */
export async function readRaw(
  folder: ModelFolder,
  part: string,
  recast: Recast = (tensor) => tensor,
): Promise<RawTensors> {
  const { files } = await findWeightFiles(folder, part, "float32");
  const tensors: RawTensors = {};
  for (const file of files) {
    const source = await folder.source(file);
    for (
      const [key, { dtype, shape, offset, byteLength }] of readSafetensorsHeader(source).tensors
    ) {
      tensors[key] = recast({ dtype, shape, bytes: source.read(offset, byteLength) });
    }
    source.close();
  }
  return tensors;
}

const TOP: readonly (readonly [string, string])[] = [
  ["conv_in.", "input_blocks.0.0."],
  ["time_embedding.linear_1.", "time_embed.0."],
  ["time_embedding.linear_2.", "time_embed.2."],
  ["add_embedding.linear_1.", "label_emb.0.0."],
  ["add_embedding.linear_2.", "label_emb.0.2."],
  ["conv_norm_out.", "out.0."],
  ["conv_out.", "out.2."],
  ["mid_block.resnets.0.", "middle_block.0."],
  ["mid_block.attentions.0.", "middle_block.1."],
  ["mid_block.resnets.1.", "middle_block.2."],
];
const RESNET: readonly (readonly [string, string])[] = [
  [".norm1.", ".in_layers.0."],
  [".conv1.", ".in_layers.2."],
  [".time_emb_proj.", ".emb_layers.1."],
  [".norm2.", ".out_layers.0."],
  [".conv2.", ".out_layers.3."],
  [".conv_shortcut.", ".skip_connection."],
];

/** Structure of a UNet on which LDM's numbers depend. */
export interface UnetStructure {
  /** Residual blocks in each level. */
  readonly layers: number;
  /** Numbers of the up blocks without attention. */
  readonly plainUps: readonly number[];
}

const XL: UnetStructure = { layers: 2, plainUps: [2] };

/** Returns LDM's key of a tensor of the UNet. */
export function unetKey(key: string, { layers, plainUps }: UnetStructure = XL): string {
  let name = key;
  for (const [from, to] of TOP) if (name.startsWith(from)) name = to + name.slice(from.length);
  const inputs = (i: number, j: number) => (layers + 1) * i + j + 1;
  const outputs = (i: number, j: number) => (layers + 1) * i + j;
  name = name
    .replace(/^down_blocks\.(\d)\.resnets\.(\d)/, (_, i, j) => `input_blocks.${inputs(+i, +j)}.0`)
    .replace(
      /^down_blocks\.(\d)\.attentions\.(\d)/,
      (_, i, j) => `input_blocks.${inputs(+i, +j)}.1`,
    )
    .replace(
      /^down_blocks\.(\d)\.downsamplers\.0\.conv/,
      (_, i) => `input_blocks.${(layers + 1) * (+i + 1)}.0.op`,
    )
    .replace(/^up_blocks\.(\d)\.resnets\.(\d)/, (_, i, j) => `output_blocks.${outputs(+i, +j)}.0`)
    .replace(
      /^up_blocks\.(\d)\.attentions\.(\d)/,
      (_, i, j) => `output_blocks.${outputs(+i, +j)}.1`,
    )
    .replace(
      /^up_blocks\.(\d)\.upsamplers\.0\.conv/,
      (_, i) => `output_blocks.${outputs(+i, layers)}.${plainUps.includes(+i) ? 1 : 2}.conv`,
    );
  if (/^(input_blocks|output_blocks)\.\d+\.0\.(?!op)|^middle_block\.[02]\./.test(name)) {
    for (const [from, to] of RESNET) name = name.replace(from, to);
  }
  return name;
}

const VAE_LEVELS = 4;

/** Returns LDM's key of a tensor of the autoencoder. */
function vaeKey(key: string): string {
  return key
    .replace(/^encoder\.down_blocks\.(\d)\.resnets/, "encoder.down.$1.block")
    .replace(/^encoder\.down_blocks\.(\d)\.downsamplers\.0/, "encoder.down.$1.downsample")
    .replace(
      /^decoder\.up_blocks\.(\d)\.resnets/,
      (_, k) => `decoder.up.${VAE_LEVELS - 1 - k}.block`,
    )
    .replace(
      /^decoder\.up_blocks\.(\d)\.upsamplers\.0/,
      (_, k) => `decoder.up.${VAE_LEVELS - 1 - k}.upsample`,
    )
    .replace(".mid_block.resnets.0.", ".mid.block_1.")
    .replace(".mid_block.resnets.1.", ".mid.block_2.")
    .replace(".mid_block.attentions.0.group_norm.", ".mid.attn_1.norm.")
    .replace(/\.mid_block\.attentions\.0\.to_([qkv])\./, ".mid.attn_1.$1.")
    .replace(".mid_block.attentions.0.to_out.0.", ".mid.attn_1.proj_out.")
    .replace(".conv_norm_out.", ".norm_out.")
    .replace(".conv_shortcut.", ".nin_shortcut.");
}

/** Returns the tensors of an OpenCLIP text encoder, with its projection if it has one. */
function openClip(tensors: RawTensors): RawTensors {
  const found: RawTensors = {};
  for (const [key, tensor] of Object.entries(tensors)) {
    const [, layer, rest] = /^text_model\.encoder\.layers\.(\d+)\.(.*)$/.exec(key) ?? [];
    if (layer === undefined) continue;
    const base = `transformer.resblocks.${layer}`;
    const [, kind] = /^self_attn\.q_proj\.(weight|bias)$/.exec(rest!) ?? [];
    if (kind) {
      const parts = ["q_proj", "k_proj", "v_proj"]
        .map((name) => tensors[key.replace("q_proj", name)]!);
      found[`${base}.attn.in_proj_${kind}`] = {
        dtype: tensor.dtype,
        shape: [3 * tensor.shape[0]!, ...tensor.shape.slice(1)],
        bytes: new Uint8Array(parts.flatMap(({ bytes }) => [...bytes])),
      };
    }
    if (/self_attn\.[qkv]_proj/.test(rest!)) continue;
    const name = rest!.replace(/^layer_norm([12])/, "ln_$1").replace("mlp.fc1", "mlp.c_fc")
      .replace("mlp.fc2", "mlp.c_proj").replace("self_attn.", "attn.");
    found[`${base}.${name}`] = tensor;
  }
  const embeddings = "text_model.embeddings";
  found["token_embedding.weight"] = tensors[`${embeddings}.token_embedding.weight`]!;
  found["positional_embedding"] = tensors[`${embeddings}.position_embedding.weight`]!;
  for (const kind of ["weight", "bias"]) {
    found[`ln_final.${kind}`] = tensors[`text_model.final_layer_norm.${kind}`]!;
  }
  const projection = tensors["text_projection.weight"];
  if (projection) found["text_projection"] = transposed(projection);
  return found;
}

function transposed({ dtype, shape, bytes }: RawTensor): RawTensor {
  const [rows, columns] = shape as [number, number];
  const size = BYTES_PER_VALUE[dtype];
  const turned = new Uint8Array(bytes.length);
  for (let i = 0; i < rows * columns; i++) {
    const to = (i % columns) * rows + Math.floor(i / columns);
    turned.set(bytes.subarray(i * size, (i + 1) * size), to * size);
  }
  return { dtype, shape: [columns, rows], bytes: turned };
}

/** The networks of a teacher as they are stored, by the names of diffusers. */
export interface RawNetworks {
  readonly unet: RawTensors;
  readonly text_encoder: RawTensors;
  readonly text_encoder_2: RawTensors;
  readonly vae: RawTensors;
}

/** Puts tensors behind a prefix. */
function prefixed(
  prefix: string,
  tensors: RawTensors,
  rename = (key: string) => key,
): RawTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([key, tensor]) => [prefix + rename(key), tensor]),
  );
}

function ldmVae(tensors: RawTensors): RawTensors {
  const vae = Object.entries(tensors).map(([key, tensor]) => {
    const isProjection = /attentions\.0\.to_.*weight$/.test(key);
    return [key, isProjection ? { ...tensor, shape: [...tensor.shape, 1, 1] } : tensor] as const;
  });
  return prefixed("first_stage_model.", Object.fromEntries(vae), vaeKey);
}

/** Returns the tensors of one file in SGM's layout for SDXL. */
export function toSingleFile(networks: RawNetworks): RawTensors {
  return {
    ...prefixed("model.diffusion_model.", networks.unet, (key) => unetKey(key)),
    ...prefixed("conditioner.embedders.0.transformer.", networks.text_encoder),
    ...prefixed("conditioner.embedders.1.model.", openClip(networks.text_encoder_2)),
    ...ldmVae(networks.vae),
  };
}

/** Structure of the tiny Stable Diffusion 1.5. */
const SD15: UnetStructure = { layers: 1, plainUps: [0] };

/**
 * Returns the tensors of one file in LDM's layout for Stable Diffusion 1 or 2. The text encoder of
 * version 2 is OpenCLIP's, with a last layer that is not used.
 */
export function toStableDiffusionFile(
  { unet, text_encoder: text, vae }: Omit<RawNetworks, "text_encoder_2">,
  version: 1 | 2,
): RawTensors {
  return {
    ...prefixed("model.diffusion_model.", unet, (key) => unetKey(key, SD15)),
    ...version === 1
      ? prefixed("cond_stage_model.transformer.", text)
      : prefixed("cond_stage_model.model.", openClip(withUnusedLayer(text))),
    ...ldmVae(vae),
  };
}

/** Adds a layer behind the last, and a projection. */
function withUnusedLayer(tensors: RawTensors): RawTensors {
  const base = "text_model.encoder.layers";
  const first = Object.entries(tensors).filter(([key]) => key.startsWith(`${base}.0.`));
  const numbers = Object.keys(tensors).map((key) => Number(/layers\.(\d+)\./.exec(key)?.[1] ?? -1));
  const count = Math.max(...numbers) + 1;
  const added = first.map(([key, tensor]) =>
    [key.replace(`${base}.0.`, `${base}.${count}.`), tensor] as const
  );
  const square = tensors[`${base}.0.self_attn.q_proj.weight`]!;
  return { ...tensors, ...Object.fromEntries(added), "text_projection.weight": square };
}

/** Returns the tensors of a ControlNet of Stable Diffusion 1.5 in its author's layout. */
export function toControlnetFile(tensors: RawTensors): RawTensors {
  const blocks =
    Object.keys(tensors).filter((key) => /^controlnet_cond_.*\.weight$/.test(key)).length;
  const rename = (key: string) =>
    unetKey(key, SD15)
      .replace(/^controlnet_cond_embedding\.conv_in\./, "input_hint_block.0.")
      .replace(
        /^controlnet_cond_embedding\.blocks\.(\d+)\./,
        (_, i) => `input_hint_block.${2 * (Number(i) + 1)}.`,
      )
      .replace(/^controlnet_cond_embedding\.conv_out\./, `input_hint_block.${2 * (blocks - 1)}.`)
      .replace(/^controlnet_down_blocks\.(\d+)\./, "zero_convs.$1.0.")
      .replace(/^controlnet_mid_block\./, "middle_block_out.0.");
  return prefixed("control_model.", tensors, rename);
}
