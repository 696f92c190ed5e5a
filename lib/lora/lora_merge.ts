import { LoraError } from "./lora_error.ts";
import type { LoraFile, LoraUpdate } from "./lora_file.ts";
import type { LoraComponent } from "./lora_key.ts";
import { findLoraModules, flatLoraName } from "./lora_module_names.ts";
import { LoraWeight, type LowRankUpdate } from "./lora_weight.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { WeightEntry } from "../weights/weight_source.ts";

/** A LoRA and how strongly it acts. */
export interface ScaledLora {
  /** The LoRA. */
  readonly lora: LoraFile;
  /** Factor of what it adds; 1 is as it was trained. */
  readonly scale: number;
}

/**
 * Merges LoRAs into the weights of a network. Nothing is read yet: a weight is merged when a
 * session reads it.
 *
 * @param weights Weights of the network. The result reads from them and from the LoRAs, so both
 * stay open as long as it is read; disposing of the result closes nothing.
 * @returns `weights` itself if no LoRA changes the network.
 * @throws {LoraError} If a LoRA has modules that the network has not, or of other shapes.
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
    const own = updates.get(key);
    return own ? new LoraWeight(entry, own) : entry;
  });
  return StateDict.fromEntries(entries, weights.location);
}

/** Finds the weight that each update of a LoRA is for. */
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

/** A linear layer may be given as a convolution of one pixel, and the other way round. */
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

/** Drops sides of 1 at the end, behind the second side. */
function withoutOnes(shape: readonly number[]): readonly number[] {
  const last = shape.findLastIndex((side, axis) => axis < 2 || side !== 1);
  return shape.slice(0, last + 1);
}
