import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { convertFloats, type FloatType } from "../weights/float16.ts";
import { floatView } from "../weights/float_view.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { LoraError } from "./lora_error.ts";
import type { LoraFile, LoraUpdate, ScaledLora } from "./lora_file.ts";
import { findLoraModules, flatLoraName, type LoraComponent } from "./lora_names.ts";

/**
 * Merges LoRAs into the weights of a network. Nothing is read yet: a weight is merged when a
 * session reads it.
 *
 * @param weights Weights of the network. The result reads from them and from the LoRAs: keep both
 * open while it is in use. Disposing of the result closes nothing.
 * @returns `weights` itself if no LoRA changes the network.
 * @throws {LoraError} If a LoRA has modules that the network lacks, or shapes that do not fit.
 */
export function mergeLoras(
  weights: StateDict,
  component: LoraComponent,
  loras: readonly ScaledLora[],
): StateDict {
  const updates = new Map<string, LowRankUpdate[]>();
  const modules = findLoraModules(weights);
  for (const { lora, scale } of loras) {
    for (const [key, update] of resolveUpdates(lora, component, { weights, modules })) {
      if (scale === 0) continue;
      const list = updates.get(key) ?? [];
      list.push({ ...update, factor: scale * update.factor });
      updates.set(key, list);
    }
  }
  if (updates.size === 0) return weights;
  const entries = weights.keys().map((key) => {
    const entry = weights.get(key);
    const merged = updates.get(key);
    return merged ? new LoraWeight(entry, merged) : entry;
  });
  return StateDict.fromEntries(entries, weights.location);
}

/** Finds the weight that each update of a LoRA changes. */
function resolveUpdates(
  lora: LoraFile,
  component: LoraComponent,
  network: { readonly weights: StateDict; readonly modules: ReadonlyMap<string, string> },
): ReadonlyMap<string, LoraUpdate> {
  const found = new Map<string, LoraUpdate>();
  const unknown: string[] = [];
  for (const update of lora.updates(component)) {
    const key = network.modules.get(flatLoraName(update.module));
    if (key === undefined) {
      unknown.push(update.down.key);
      continue;
    }
    const other = found.get(key);
    if (other) {
      const keys = [other.down.key, update.down.key];
      throw new LoraError(lora.location, `expected one update of "${key}"`, keys);
    }
    checkShapes(lora.location, network.weights.get(key), update);
    found.set(key, update);
  }
  if (unknown.length === 0) return found;
  const { location } = network.weights;
  throw new LoraError(lora.location, `expected modules of the ${component} "${location}"`, unknown);
}

/** A linear layer may be stored as a 1x1 convolution, and vice versa. */
function checkShapes(file: string, weight: WeightEntry, { down, up }: LoraUpdate): void {
  const [outputs, ...row] = withoutOnes(weight.shape);
  const [rank, ...downRow] = withoutOnes(down.shape);
  const [upOutputs, ...upRow] = withoutOnes(up.shape);
  const fits = row.join() === downRow.join() && outputs === upOutputs &&
    upRow.length === 1 && upRow[0] === rank;
  if (fits) return;
  const describe = ({ shape }: WeightEntry) => `[${shape.join(", ")}]`;
  throw new LoraError(
    file,
    `expected factors of "${weight.key}" ${describe(weight)}, ` +
      `got ${describe(up)} and ${describe(down)}`,
    [],
  );
}

/** Drops trailing dimensions of 1 after the first two. */
function withoutOnes(shape: readonly number[]): readonly number[] {
  const last = shape.findLastIndex((dimension, axis) => axis < 2 || dimension !== 1);
  return shape.slice(0, last + 1);
}

/** Factors of the product that is added to a weight. */
interface LowRankUpdate {
  /** Shape [R, ...], with as many values in a row as the weight has. */
  readonly down: WeightEntry;
  /** O R values, in rows of R. */
  readonly up: WeightEntry;
  /** Multiplies the product. */
  readonly factor: number;
}

/** Ranks that are added in one pass, so that sums are read and written less often. */
const BLOCK_RANKS = 4;

/**
 * A weight [O, ...] with LoRAs merged into it: W + Σ factor · up · down.
 *
 * Each read merges the rows that it needs. No merged copy is kept.
 *
 * Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1.
 */
class LoraWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  /** Type in which the unmerged weight is stored. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;
  readonly #updates: readonly LowRankUpdate[];

  constructor(entry: WeightEntry, updates: readonly LowRankUpdate[]) {
    this.key = entry.key;
    this.shape = entry.shape;
    this.dtype = entry.dtype;
    this.#entry = entry;
    this.#updates = updates;
  }

  /** Reads merged values. They are rounded once, at the end. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const values = floatView(this.#entry.read("float32", start, count)).slice();
    const rowSize = shapeSize(this.shape.slice(1));
    for (const update of this.#updates) addProduct(values, update, { start, rowSize });
    return convertFloats(new Uint8Array(values.buffer), "F32", type);
  }
}

/**
 * Adds a product to a part of a weight.
 *
 * @param values The part. It is modified.
 * @param part.start Index of its first value in the weight.
 * @param part.rowSize Values of the weight for each of its O rows.
 */
function addProduct(
  values: Float32Array,
  { down, up, factor }: LowRankUpdate,
  part: { readonly start: number; readonly rowSize: number },
): void {
  const { start, rowSize } = part;
  const rank = down.shape[0]!;
  const end = start + values.length;
  const firstRow = Math.floor(start / rowSize);
  const endRow = Math.ceil(end / rowSize);
  const ups = floatView(up.read("float32", firstRow * rank, (endRow - firstRow) * rank));
  // The rank is padded with zeros to whole blocks.
  const blocks = Math.ceil(rank / BLOCK_RANKS);
  const downs = new Float32Array(blocks * BLOCK_RANKS * rowSize);
  downs.set(floatView(down.read("float32")));
  for (let row = firstRow; row < endRow; row++) {
    const from = Math.max(start, row * rowSize);
    const count = Math.min(end, (row + 1) * rowSize) - from;
    const target = from - start;
    for (let r = 0; r < rank; r += BLOCK_RANKS) {
      const i = (row - firstRow) * rank + r;
      const scaled = (k: number) => r + k < rank ? factor * ups[i + k]! : 0;
      const [a, b, c, d] = [scaled(0), scaled(1), scaled(2), scaled(3)];
      let source = r * rowSize + from - row * rowSize;
      for (let x = target; x < target + count; x++, source++) {
        values[x]! += a * downs[source]! + b * downs[source + rowSize]! +
          c * downs[source + 2 * rowSize]! + d * downs[source + 3 * rowSize]!;
      }
    }
  }
}
