import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { MappedTensor, TensorInfo, TensorList } from "../single_file/tensor_list.ts";
import { bytesPerValue } from "../weights/safetensors.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import type { MisshapenTensor, PartReport, TensorName } from "./model_report.ts";

/** Counts the tensors of a network. */
export function countPart(
  { name, layout }: Pick<PartReport, "name" | "layout">,
  tensors: Iterable<TensorInfo>,
): PartReport {
  let [count, values, byteLength] = [0, 0, 0];
  const precision: Record<string, number> = {};
  for (const { shape, dtype } of tensors) {
    const size = shapeSize(shape);
    count++;
    values += size;
    byteLength += size * bytesPerValue(dtype);
    precision[dtype] = (precision[dtype] ?? 0) + 1;
  }
  return { name, layout, tensors: count, values, byteLength, precision };
}

/** Returns keys with the shapes of their tensors. */
export function nameTensors(tensors: TensorList, keys: Iterable<string>): TensorName[] {
  return [...keys].map((key) => ({ key, shape: tensors.get(key)?.shape ?? [] }));
}

/** How the tensors of a network differ from those that its graph needs. */
export interface NetworkDifference {
  /** Keys in the file that the network lacks. */
  readonly extra: readonly string[];
  /** Tensors that are missing, behind the name of the network. */
  readonly missing: readonly TensorName[];
  /** Tensors of another shape. */
  readonly misshapen: readonly MisshapenTensor[];
}

/** Endings of tensors that scale 8-bit weights. */
const SCALES = /\.(scale_weight|weight_scale)$/;
/** Old names of an autoencoder's attention, which the builder reads too. */
const OLD_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\.attentions\.0\.query\./, ".attentions.0.to_q."],
  [/\.attentions\.0\.key\./, ".attentions.0.to_k."],
  [/\.attentions\.0\.value\./, ".attentions.0.to_v."],
  [/\.attentions\.0\.proj_attn\./, ".attentions.0.to_out.0."],
];

/** Compares tensors under their names in diffusers with those that a graph needs. */
export function compareNetwork(
  name: string,
  tensors: readonly MappedTensor[],
  needed: readonly WeightEntry[],
): NetworkDifference {
  const rest = new Map(needed.map(({ key, shape }) => [key, shape]));
  const extra: string[] = [];
  const misshapen: MisshapenTensor[] = [];
  for (const { key, shape, from } of tensors) {
    const current = OLD_NAMES.reduce((text, [old, now]) => text.replace(old, now), key);
    // A text encoder may be stored without the prefix.
    const found = [current, `text_model.${current}`].find((one) => rest.has(one));
    if (found === undefined) {
      if (!SCALES.test(key) && !isHarmless(key)) extra.push(from);
      continue;
    }
    const expected = rest.get(found)!;
    rest.delete(found);
    if (shape.join() !== expected.join()) misshapen.push({ key: from, shape, expected });
  }
  const missing = [...rest].map(([key, shape]) => ({ key: `${name}.${key}`, shape }));
  return { extra, missing, misshapen };
}

/** Position ids, which old text encoders store. */
function isHarmless(key: string): boolean {
  return /(^|\.)embeddings\.position_ids$/.test(key);
}
