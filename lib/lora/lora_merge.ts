import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { convertFloats, type FloatType } from "../weights/float16.ts";
import { floatView } from "../weights/float_view.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { equalTensors } from "./equal_tensors.ts";
import { LoraError } from "./lora_error.ts";
import type { LoraFile, LoraUpdate, ScaledLora } from "./lora_file.ts";
import { findLoraModules, flatLoraName, type LoraComponent } from "./lora_names.ts";
import type { WeightChange } from "./weight_change.ts";

/**
 * Merges LoRAs into the weights of a network. Nothing is read yet: a weight is merged when a
 * session reads it.
 *
 * @param weights Weights of the network. The result reads from them and from the LoRAs: keep both
 * open while it is in use. Disposing of the result closes nothing.
 * A LoRA of a larger UNet is used as far as it fits; see {@linkcode missingModules}.
 *
 * @returns `weights` itself if no LoRA changes the network.
 * @throws {LoraError} If a LoRA has modules that the network lacks, or shapes that do not fit.
 */
export function mergeLoras(
  weights: StateDict,
  component: LoraComponent,
  loras: readonly ScaledLora[],
): StateDict {
  const changes = new Map<string, ScaledChange[]>();
  const modules = findLoraModules(weights);
  for (const { lora, scale } of loras) {
    const { found } = resolveUpdates(lora, component, { weights, modules });
    for (const [key, updates] of found) {
      if (scale === 0) continue;
      const list = changes.get(key) ?? [];
      list.push(...updates.map(({ change }) => ({ change, scale })));
      changes.set(key, list);
    }
  }
  if (changes.size === 0) return weights;
  const entries = weights.keys().map((key) => {
    const entry = weights.get(key);
    const merged = changes.get(key);
    return merged ? new LoraWeight(entry, merged) : entry;
  });
  return StateDict.fromEntries(entries, weights.location);
}

/**
 * Lists the modules of a LoRA that a network lacks and that are left out: blocks of a larger UNet,
 * such as those of SDXL with SSD-1B.
 *
 * @throws {LoraError} If the LoRA does not fit.
 */
export function missingModules(
  weights: StateDict,
  component: LoraComponent,
  lora: LoraFile,
): readonly string[] {
  const modules = findLoraModules(weights);
  return resolveUpdates(lora, component, { weights, modules }).missing;
}

/** Names of modules in the blocks of a UNet, of diffusers and of SGM. */
const BLOCK = /^(down_blocks|mid_block|up_blocks|input_blocks|middle_block|output_blocks)[._]/;

/** Share of a LoRA's modules that a smaller UNet must have at least. SSD-1B has half of SDXL's. */
const MIN_SHARE = 0.25;

/** What a LoRA changes in a network. */
interface ResolvedUpdates {
  /** Updates by the key of the weight. */
  readonly found: ReadonlyMap<string, readonly LoraUpdate[]>;
  /** Modules that the network lacks. */
  readonly missing: readonly string[];
}

/** Finds the weight that each update of a LoRA changes. */
function resolveUpdates(
  lora: LoraFile,
  component: LoraComponent,
  network: { readonly weights: StateDict; readonly modules: ReadonlyMap<string, string> },
): ResolvedUpdates {
  const found = new Map<string, LoraUpdate[]>();
  const unknown: { readonly key: string; readonly module: string }[] = [];
  for (const update of lora.updates(component)) {
    const key = findKey(update, network);
    const name = update.change.tensors.at(-1)!.key;
    if (key === undefined) {
      unknown.push({ key: name, module: update.module });
      continue;
    }
    const others = found.get(key) ?? [];
    // One module may have factors and a full difference. Two names of it have the same tensors.
    const other = others.find(({ module }) => module !== update.module);
    if (other && equalTensors(other.change.tensors, update.change.tensors)) continue;
    if (other) {
      const keys = [other.change.tensors.at(-1)!.key, name];
      throw new LoraError(lora.location, `expected one update of "${key}"`, keys);
    }
    checkShapes(lora.location, network.weights.get(key), update.change);
    found.set(key, [...others, update]);
  }
  const missing = unknown.map(({ module }) => module);
  const count = missing.length + found.size;
  const isLarger = component === "unet" && found.size >= MIN_SHARE * count &&
    missing.every((module) => BLOCK.test(module));
  if (missing.length === 0 || isLarger) return { found, missing };
  const { location } = network.weights;
  const keys = unknown.map(({ key }) => key);
  throw new LoraError(lora.location, `expected modules of the ${component} "${location}"`, keys);
}

/** Returns the key of the weight or bias that an update changes; undefined if there is none. */
function findKey(
  { module, target }: LoraUpdate,
  { weights, modules }: {
    readonly weights: StateDict;
    readonly modules: ReadonlyMap<string, string>;
  },
): string | undefined {
  const weight = modules.get(flatLoraName(module));
  if (target === "weight" || weight === undefined) return weight;
  const bias = weight.replace(/weight$/, "bias");
  return weights.has(bias) ? bias : undefined;
}

function checkShapes(file: string, weight: WeightEntry, change: WeightChange): void {
  if (change.fits(weight.shape)) return;
  const describe = ({ shape }: WeightEntry) => `[${shape.join(", ")}]`;
  throw new LoraError(
    file,
    `expected factors of "${weight.key}" ${describe(weight)}, ` +
      `got ${change.tensors.map(describe).join(" and ")}`,
    [],
  );
}

/** A change and its strength. */
interface ScaledChange {
  /** The change. */
  readonly change: WeightChange;
  /** Multiplies it. */
  readonly scale: number;
}

/**
 * A weight [O, ...] with LoRAs merged into it: W + Σ scale · change.
 *
 * Each read merges the rows that it needs. No merged copy is kept.
 */
class LoraWeight implements WeightEntry {
  readonly key: string;
  readonly shape: readonly number[];
  /** Type in which the unmerged weight is stored. */
  readonly dtype: WeightEntry["dtype"];
  readonly #entry: WeightEntry;
  readonly #changes: readonly ScaledChange[];

  constructor(entry: WeightEntry, changes: readonly ScaledChange[]) {
    this.key = entry.key;
    this.shape = entry.shape;
    this.dtype = entry.dtype;
    this.#entry = entry;
    this.#changes = changes;
  }

  /** Reads merged values. They are rounded once, at the end. */
  read(type: FloatType, start = 0, count?: number): Uint8Array<ArrayBuffer> {
    const values = floatView(this.#entry.read("float32", start, count)).slice();
    const rowSize = shapeSize(this.shape.slice(1));
    for (const { change, scale } of this.#changes) {
      change.add(values, { start, rowSize }, scale, this.#entry);
    }
    return convertFloats(new Uint8Array(values.buffer), "F32", type);
  }
}
