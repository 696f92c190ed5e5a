import type { ByteSource } from "../weights/byte_source.ts";
import { LoraError } from "./lora_error.ts";
import { type LoraComponent, parseLoraKey } from "./lora_key.ts";
import { readSafetensorsHeader } from "../weights/safetensors.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { WeightEntry } from "../weights/weight_source.ts";

/** What a LoRA adds to one module: `factor` times up [O, R] times down [R, ...]. */
export interface LoraUpdate {
  /** Module, as the file spells it: with dots, or kohya's underscores. */
  readonly module: string;
  /** Factor whose first side is the rank R. */
  readonly down: WeightEntry;
  /** Factor with sides O and R. */
  readonly up: WeightEntry;
  /** alpha / R; 1 where the file names no alpha. */
  readonly factor: number;
}

/** Text of the metadata in which diffusers stores the settings of peft. */
const SETTINGS_KEY = "lora_adapter_metadata";

/** A LoRA in one safetensors file, in the layout of diffusers, peft or kohya. Read lazily. */
export class LoraFile implements Disposable {
  /** Path or address of the file. */
  readonly location: string;
  readonly #weights: StateDict;
  readonly #updates: ReadonlyMap<LoraComponent, readonly LoraUpdate[]>;

  private constructor(
    weights: StateDict,
    updates: ReadonlyMap<LoraComponent, readonly LoraUpdate[]>,
  ) {
    this.location = weights.location;
    this.#weights = weights;
    this.#updates = updates;
  }

  /**
   * Reads the keys of a file and takes the source over: it is closed with the LoRA, or at once if
   * the file is refused.
   *
   * @throws {LoraError} If keys are not known, or factors of a module are missing.
   * @throws {SafetensorsError} If the file is not valid.
   */
  static fromSource(source: ByteSource): LoraFile {
    try {
      const weights = StateDict.fromSources([source]);
      const settings = readSettings(source);
      return new LoraFile(weights, readUpdates(weights, settings));
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** Networks that it changes. */
  get components(): readonly LoraComponent[] {
    return [...this.#updates.keys()];
  }

  /** Returns what it adds to the modules of a network. */
  updates(component: LoraComponent): readonly LoraUpdate[] {
    return this.#updates.get(component) ?? [];
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#weights[Symbol.dispose]();
  }
}

interface Parts {
  readonly component: LoraComponent;
  readonly module: string;
  readonly entries: Partial<Record<"down" | "up" | "alpha", WeightEntry>>;
}

function readUpdates(
  weights: StateDict,
  settings: Settings,
): ReadonlyMap<LoraComponent, readonly LoraUpdate[]> {
  const file = weights.location;
  const groups = new Map<string, Parts>();
  const unknown: string[] = [];
  for (const key of weights.keys()) {
    const parsed = parseLoraKey(key);
    if (!parsed) {
      unknown.push(key);
      continue;
    }
    const { component, module, part } = parsed;
    const name = `${component}.${module}`;
    const group = groups.get(name) ?? { component, module, entries: {} };
    if (group.entries[part]) throw new LoraError(file, `expected one "${part}" a module`, [key]);
    group.entries[part] = weights.get(key);
    groups.set(name, group);
  }
  if (unknown.length > 0) {
    throw new LoraError(file, "expected keys that end with .lora_A.weight or the like", unknown);
  }
  if (groups.size === 0) throw new LoraError(file, "it holds no tensors");
  const updates = new Map<LoraComponent, LoraUpdate[]>();
  for (const group of groups.values()) {
    const list = updates.get(group.component) ?? [];
    list.push(joinParts(file, group, settings));
    updates.set(group.component, list);
  }
  return updates;
}

function joinParts(file: string, { component, module, entries }: Parts, settings: Settings) {
  const { down, up, alpha } = entries;
  const rank = down?.shape[0];
  if (!down || !up || rank === undefined) {
    const keys = Object.values(entries).map(({ key }) => key);
    throw new LoraError(file, `expected both factors of module "${module}"`, keys);
  }
  const wanted = alpha ? readNumber(file, alpha) : settings.alphaOf(component, module);
  const divisor = settings.usesRootOfRank(component) ? Math.sqrt(rank) : rank;
  return { module, down, up, factor: (wanted ?? divisor) / divisor };
}

function readNumber(file: string, entry: WeightEntry): number {
  const { buffer, byteOffset, byteLength } = entry.read("float32");
  const value = new DataView(buffer, byteOffset, byteLength);
  if (byteLength === 4 && Number.isFinite(value.getFloat32(0, true))) {
    return value.getFloat32(0, true);
  }
  throw new LoraError(file, `expected one number for "alpha"`, [entry.key]);
}

/** What peft was told when the LoRA was trained. */
interface Settings {
  alphaOf(component: LoraComponent, module: string): number | undefined;
  /** Whether alpha is divided by the root of the rank. Source: arXiv 2312.03732. */
  usesRootOfRank(component: LoraComponent): boolean;
}

function readSettings(source: ByteSource): Settings {
  const text = readSafetensorsHeader(source).metadata[SETTINGS_KEY];
  const values = text === undefined ? {} : parseSettings(source.name, text);
  const isTrue = (key: string) => values[key] === true;
  for (const key of Object.keys(values)) {
    if (/\.use_(dora|qalora)$/.test(key) && isTrue(key)) {
      throw new LoraError(source.name, `expected "${key}" to be false in its metadata`);
    }
  }
  return {
    alphaOf(component, module) {
      const pattern = Object.entries(values[`${component}.alpha_pattern`] ?? {})
        .find(([name]) => module === name || module.endsWith(`.${name}`));
      const alpha = pattern?.[1] ?? values[`${component}.lora_alpha`];
      return typeof alpha === "number" ? alpha : undefined;
    },
    usesRootOfRank: (component) => isTrue(`${component}.use_rslora`),
  };
}

function parseSettings(file: string, text: string): Readonly<Record<string, unknown>> {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null) return values as Record<string, unknown>;
  } catch {
    // As what is no object.
  }
  throw new LoraError(file, `expected a JSON object for "${SETTINGS_KEY}" in its metadata`);
}
