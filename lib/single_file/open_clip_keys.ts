import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { KeyMap, MappedPart, TensorList } from "./tensor_list.ts";

const TOP: Readonly<Record<string, string>> = {
  "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
  "positional_embedding": "text_model.embeddings.position_embedding.weight",
  "ln_final.weight": "text_model.final_layer_norm.weight",
  "ln_final.bias": "text_model.final_layer_norm.bias",
};

const LAYER = /^transformer\.resblocks\.(\d+)\.(.+)$/;

const LAYER_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^ln_([12])\./, "layer_norm$1."],
  [/^mlp\.c_fc\./, "mlp.fc1."],
  [/^mlp\.c_proj\./, "mlp.fc2."],
  [/^attn\.out_proj\./, "self_attn.out_proj."],
];

/** The scale of a fused 8-bit projection: a number, or one for each row. */
const FUSED_SCALE = /^attn\.in_proj(_weight)?[._](scale_weight|weight_scale|scale)$/;

/** The parts of a fused projection, in order. */
const FUSED = ["q_proj", "k_proj", "v_proj"] as const;

/**
 * Maps the keys of OpenCLIP's text encoder to those of transformers.
 *
 * OpenCLIP keeps the projections of queries, keys and values in one tensor [3 D, D], and the
 * transposed projection of the text without ".weight". A key with ".weight" is a linear layer's,
 * which is not transposed.
 *
 * Source: src/open_clip/transformer.py of https://github.com/mlfoundations/open_clip.
 */
export const openClipKeys: KeyMap = (key, { shape }) => {
  const top = TOP[key];
  if (top !== undefined) return [{ key: top, shape }];
  if (key === "text_projection.weight") return [{ key, shape }];
  if (key === "text_projection" && shape.length === 2) {
    return [{ key: "text_projection.weight", shape: shape.toReversed(), isTransposed: true }];
  }
  const [, layer, rest] = LAYER.exec(key) ?? [];
  if (rest === undefined) return undefined;
  const path = `text_model.encoder.layers.${layer}`;
  const [, kind] = /^attn\.in_proj_(weight|bias)$/.exec(rest) ?? [];
  if (kind !== undefined) return splitFused(`${path}.self_attn`, kind, shape);
  if (FUSED_SCALE.test(rest)) return splitScale(`${path}.self_attn`, shape);
  const renamed = LAYER_NAMES.find(([pattern]) => pattern.test(rest));
  return renamed && [{ key: `${path}.${rest.replace(...renamed)}`, shape }];
};

/** Layers of Stable Diffusion 2's text encoder in files that were made without its last one. */
const SD2_LAYERS = 23;

/**
 * Maps the keys of Stable Diffusion 2's text encoder. It is trained on the output of the last layer
 * but one, so the last layer is not used, and neither is the projection.
 *
 * Source: FrozenOpenCLIPEmbedder of https://github.com/Stability-AI/stablediffusion.
 *
 * @param tensors All tensors of the network, without its prefix.
 */
export function openClipKeysOfSd2(tensors: TensorList): KeyMap {
  const numbers = [...tensors.keys()].map((key) => Number(LAYER.exec(key)?.[1] ?? -1));
  const last = Math.max(...numbers);
  const unused = last + 1 === SD2_LAYERS ? undefined : `transformer.resblocks.${last}.`;
  return (key, info) => {
    if (/^text_projection(\.weight)?$/.test(key)) return [];
    if (unused !== undefined && key.startsWith(unused)) return [];
    return openClipKeys(key, info);
  };
}

function splitFused(path: string, kind: string, shape: readonly number[]) {
  const [rows = 0, ...row] = shape;
  if (rows % FUSED.length !== 0) return undefined;
  const size = rows / FUSED.length;
  return FUSED.map((name, i): MappedPart => ({
    key: `${path}.${name}.${kind}`,
    shape: [size, ...row],
    firstRow: i * size,
  }));
}

/** Gives a scale to the parts of a fused projection: to all the same number, or rows to each. */
function splitScale(path: string, shape: readonly number[]) {
  if (shapeSize(shape) !== 1) return splitFused(path, "scale_weight", shape);
  return FUSED.map((name): MappedPart => ({ key: `${path}.${name}.scale_weight`, shape }));
}
