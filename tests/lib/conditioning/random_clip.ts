import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import { ModelConfig } from "../../../lib/models/model_config.ts";
import { recordWeights } from "../../../lib/tools/record_weights.ts";
import type { WeightEntry } from "../../../lib/weights/weight_source.ts";
import { bytesOf, type RawTensor, writeTensors } from "../weights/write_raw.ts";

/** Height and width of the input of {@linkcode randomClip}. */
export const CLIP_SIDE = 16;

/** Options of a tiny CLIP for the tokenizer of the tiny SDXL in the reference tensors. */
const CONFIG = {
  architectures: ["CLIPModel"],
  model_type: "clip",
  projection_dim: 8,
  text_config: {
    model_type: "clip_text_model",
    vocab_size: 673,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 77,
    hidden_act: "gelu",
    eos_token_id: 672,
  },
  vision_config: {
    model_type: "clip_vision_model",
    image_size: CLIP_SIDE,
    patch_size: 4,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    hidden_act: "gelu",
  },
};

/** Files of a tiny CLIP with random weights, without a tokenizer. */
export interface ClipFiles {
  readonly "config.json": string;
  readonly "model.safetensors": Uint8Array<ArrayBuffer>;
}

/**
 * Makes a tiny CLIP with random weights.
 *
 * @param eightBits Whether its matrices are stored as 8-bit integers with a scale for each row;
 * else the float32 values that these stand for are stored.
 */
export function randomClip(
  { seed, eightBits }: { readonly seed: number; readonly eightBits: boolean },
): ClipFiles {
  const entries = recordWeights(new ModelConfig("config.json", CONFIG), { seed });
  const tensors = entries.flatMap((entry) => eightBits ? packed(entry) : plain(entry));
  return {
    "config.json": JSON.stringify(CONFIG),
    "model.safetensors": writeTensors(Object.fromEntries(tensors)),
  };
}

type Named = readonly [key: string, tensor: RawTensor];

function valuesOf(entry: WeightEntry): Float32Array<ArrayBuffer> {
  return new Float32Array(entry.read("float32").slice().buffer);
}

function packed(entry: WeightEntry): Named[] {
  const { key, shape } = entry;
  if (shape.length < 2) return plain(entry);
  const { rows, scales } = quantize(entry);
  return [
    [key, { dtype: "I8", shape, bytes: bytesOf(rows) }],
    [`${key}_scale`, { dtype: "F32", shape: [scales.length], bytes: bytesOf(scales) }],
  ];
}

function plain(entry: WeightEntry): Named[] {
  const { key, shape } = entry;
  let values = valuesOf(entry);
  if (shape.length >= 2) {
    const { rows, scales } = quantize(entry);
    const size = rows.length / scales.length;
    values = Float32Array.from(rows, (value, i) => value * scales[Math.floor(i / size)]!);
  }
  return [[key, { dtype: "F32", shape, bytes: bytesOf(values) }]];
}

/** Rows of a matrix, and what multiplies each. */
interface Quantized {
  readonly rows: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
}

function quantize(entry: WeightEntry): Quantized {
  const values = valuesOf(entry);
  const size = shapeSize(entry.shape.slice(1));
  const scales = Float32Array.from({ length: entry.shape[0]! }, (_, row) => {
    const part = values.subarray(row * size, (row + 1) * size);
    return part.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-8) / 127;
  });
  const rows = Int8Array.from(
    values,
    (value, i) => Math.round(value / scales[Math.floor(i / size)]!),
  );
  return { rows, scales };
}
