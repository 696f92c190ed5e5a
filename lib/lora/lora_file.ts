import type { ByteSource } from "../weights/byte_source.ts";
import { floatView } from "../weights/float_view.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import { readSafetensorsHeader } from "../weights/safetensors.ts";
import { scanJson } from "../weights/scan_json.ts";
import { severalFiles } from "../weights/folder_files.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { WeightEntry } from "../weights/weight_source.ts";
import { DoraChange } from "./dora_change.ts";
import { equalTensors } from "./equal_tensors.ts";
import { FullDifference } from "./full_difference.ts";
import { LoraError } from "./lora_error.ts";
import {
  LORA_FILE,
  type LoraComponent,
  type LoraPart,
  parseLoraKey,
  parseLoraLocation,
} from "./lora_names.ts";
import { joinLycoris } from "./lycoris.ts";
import { LowRankProduct } from "./low_rank_product.ts";
import { joinRotation } from "./rotations.ts";
import type { WeightChange } from "./weight_change.ts";
import { joinWeightProduct } from "./weight_products.ts";

/** Location of a LoRA and its strength. It is opened when it is merged. */
export interface LoraReference {
  /** Folder of the file. */
  readonly folder: ModelFolder;
  /** Path in the folder. */
  readonly path: string;
  /** Factor of the update; 1 is the trained strength. */
  readonly scale: number;
}

/** An open LoRA and its strength. */
export interface ScaledLora {
  /** The LoRA. */
  readonly lora: LoraFile;
  /** Factor of the update; 1 is the trained strength. */
  readonly scale: number;
}

/** Open LoRAs. Disposing of this closes them. */
export interface OpenLoras extends Disposable {
  /** The LoRAs. */
  readonly loras: readonly ScaledLora[];
}

/**
 * Locates a LoRA. No file is read, unless the folder is on a server.
 *
 * @param location Path or address of a file that ends with ".safetensors", or of a folder. The file
 * in a folder is {@linkcode LORA_FILE} or the only one, unless one is named after a colon:
 * "owner/name:file.safetensors".
 * @param open Opens the folder. Default: a path or address.
 * @throws {LoraError} If a folder has several files.
 */
export async function findLora(
  location: string,
  scale: number,
  open: (folder: string, file: string) => ModelFolder | Promise<ModelFolder> = (folder) =>
    openModelFolder(folder),
): Promise<LoraReference> {
  const { folder: id, path } = parseLoraLocation(location);
  const folder = await open(id, path);
  return { folder, path: path === LORA_FILE ? await chooseFile(folder, id) : path, scale };
}

/** Returns the file of a LoRA in a folder: that with the usual name, or the only one. */
async function chooseFile(folder: ModelFolder, id: string): Promise<string> {
  if (await folder.has(LORA_FILE)) return LORA_FILE;
  const names = (await folder.list?.() ?? []).filter((name) => name.endsWith(".safetensors"));
  if (names.length > 1) throw new LoraError(folder.location, severalFiles(id, names));
  // Without any, the error names the file that is expected.
  return names[0] ?? LORA_FILE;
}

/**
 * Opens LoRAs.
 *
 * @throws {LoraError} If a file has unknown keys.
 * @throws {ModelFolderError} If a file cannot be read.
 */
export async function openLoras(references: readonly LoraReference[]): Promise<OpenLoras> {
  using cleanup = new DisposableStack();
  const loras: ScaledLora[] = [];
  for (const { folder, path, scale } of references) {
    loras.push({ lora: cleanup.use(LoraFile.fromSource(await folder.source(path))), scale });
  }
  const owned = cleanup.move();
  return { loras, [Symbol.dispose]: () => owned.dispose() };
}

/** The update of one module. */
export interface LoraUpdate {
  /** Module as the file spells it: with dots, or with kohya's underscores. */
  readonly module: string;
  /** What is changed. */
  readonly target: "weight" | "bias";
  /** The change at scale 1. */
  readonly change: WeightChange;
}

/** Key of the metadata under which diffusers stores the settings of peft. */
const SETTINGS_KEY = "lora_adapter_metadata";

/** A LoRA in one safetensors file, in the layout of diffusers, peft or kohya. Read lazily. */
export class LoraFile implements Disposable {
  /** Path or address of the file. */
  readonly location: string;
  /** Names of the textual inversions in the file, which are left out. */
  readonly embeddings: readonly string[];
  readonly #weights: StateDict;
  readonly #updates: ReadonlyMap<LoraComponent, readonly LoraUpdate[]>;

  private constructor(
    weights: StateDict,
    updates: ReadonlyMap<LoraComponent, readonly LoraUpdate[]>,
  ) {
    this.location = weights.location;
    this.embeddings = [...new Set(weights.keys().flatMap((key) => embeddingIn(key) ?? []))];
    this.#weights = weights;
    this.#updates = updates;
  }

  /**
   * Reads the keys of a file.
   *
   * @param source Owned by the LoRA from here on, and closed with it or on failure.
   * @throws {LoraError} If keys are unknown, or factors of a module are missing.
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

  /** Networks that the LoRA changes. */
  get components(): readonly LoraComponent[] {
    return [...this.#updates.keys()];
  }

  /** Returns the updates of a network's modules. */
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
  readonly entries: Partial<Record<LoraPart, WeightEntry>>;
}

/** Returns the name of the textual inversion that a tensor belongs to; undefined if to none. */
function embeddingIn(key: string): string | undefined {
  return /^bundle_emb\.(.+?)\./.exec(key)?.[1];
}

function readUpdates(
  weights: StateDict,
  settings: Settings,
): ReadonlyMap<LoraComponent, readonly LoraUpdate[]> {
  const file = weights.location;
  const groups = new Map<string, Parts>();
  const unknown: string[] = [];
  for (const key of weights.keys()) {
    if (embeddingIn(key) !== undefined) continue;
    const parsed = parseLoraKey(key);
    if (!parsed) {
      unknown.push(key);
      continue;
    }
    const { component, module, part } = parsed;
    const name = `${component}.${module}`;
    const group = groups.get(name) ?? { component, module, entries: {} };
    const other = group.entries[part];
    // Some files hold the same tensor under two names.
    if (other && !equalTensors([other], [weights.get(key)])) {
      throw new LoraError(file, `expected one "${part}" for each module`, [key]);
    }
    group.entries[part] = other ?? weights.get(key);
    groups.set(name, group);
  }
  if (unknown.length > 0) {
    throw new LoraError(
      file,
      "expected keys that end with .lora_A.weight, .lora_down.weight or similar",
      unknown,
    );
  }
  if (groups.size === 0) throw new LoraError(file, "the file has no tensors");
  const updates = new Map<LoraComponent, LoraUpdate[]>();
  for (const group of groups.values()) {
    const list = updates.get(group.component) ?? [];
    list.push(...joinParts(file, group, settings));
    updates.set(group.component, list);
  }
  return updates;
}

/** Returns the changes of one module: of its weight, and of its bias. */
function joinParts(file: string, group: Parts, settings: Settings): LoraUpdate[] {
  const { module, component, entries: { difference, biasDifference, ...factors } } = group;
  const updates: LoraUpdate[] = [];
  if (difference) {
    updates.push({ module, target: "weight", change: new FullDifference(difference) });
  }
  if (biasDifference) {
    updates.push({ module, target: "bias", change: new FullDifference(biasDifference) });
  }
  // A module with a difference alone has no factors.
  if (Object.keys(factors).some((part) => part !== "alpha") || updates.length === 0) {
    const change = joinFactors(file, { module, component, entries: factors }, settings);
    updates.push({ module, target: "weight", change });
  }
  return updates;
}

function joinFactors(file: string, parts: Parts, settings: Settings): WeightChange {
  const { magnitude, doraScale, ...entries } = parts.entries;
  const change = joinProduct(file, { ...parts, entries }, settings);
  const norms = magnitude ?? doraScale;
  if (!norms && settings.usesDora(parts.component)) {
    const keys = Object.values(entries).map(({ key }) => key);
    throw new LoraError(file, `expected magnitudes of module "${parts.module}" for DoRA`, keys);
  }
  return norms ? new DoraChange(change, norms, norms === magnitude) : change;
}

function joinProduct(
  file: string,
  { component, module, entries }: Parts,
  settings: Settings,
): WeightChange {
  const { down, up, alpha } = entries;
  const factorOf = (rank: number | undefined) => {
    if (rank === undefined) return 1;
    const wanted = alpha ? readNumber(file, alpha) : settings.alphaOf(component, module);
    const divisor = settings.usesRankRoot(component) ? Math.sqrt(rank) : rank;
    return (wanted ?? divisor) / divisor;
  };
  const parts = Object.values(entries);
  const isEmpty = parts.some((entry) => entry.shape.includes(0));
  if (!isEmpty) {
    const change = joinLycoris(entries, factorOf) ?? joinWeightProduct(entries, factorOf) ??
      joinRotation(entries, alpha ? readNumber(file, alpha) : 0);
    if (change) return change;
  }
  const isPlain = parts.every((entry) => entry === down || entry === up || entry === alpha);
  if (!down || !up || !isPlain || isEmpty) {
    const keys = parts.map(({ key }) => key);
    throw new LoraError(file, `expected both factors of module "${module}"`, keys);
  }
  return new LowRankProduct(up, down, factorOf(down.shape[0]));
}

function readNumber(file: string, entry: WeightEntry): number {
  const isScalar = entry.shape.every((dimension) => dimension === 1);
  const value = isScalar ? floatView(entry.read("float32"))[0]! : NaN;
  if (Number.isFinite(value)) return value;
  throw new LoraError(file, `expected one number for "alpha"`, [entry.key]);
}

/** Settings of peft at training. */
interface Settings {
  alphaOf(component: LoraComponent, module: string): number | undefined;
  /** Whether alpha is divided by the square root of the rank. Source: arXiv 2312.03732. */
  usesRankRoot(component: LoraComponent): boolean;
  /** Whether all modules have magnitudes. */
  usesDora(component: LoraComponent): boolean;
}

function readSettings(source: ByteSource): Settings {
  const text = readSafetensorsHeader(source).metadata[SETTINGS_KEY];
  const values = text === undefined ? {} : parseSettings(source.name, text);
  const isTrue = (key: string) => values[key] === true;
  for (const key of Object.keys(values)) {
    if (/\.use_qalora$/.test(key) && isTrue(key)) {
      throw new LoraError(source.name, `expected "${key}" to be false in its metadata`);
    }
  }
  const patterns = new Map<LoraComponent, ReadonlyMap<string, AlphaPattern>>();
  return {
    alphaOf(component, module) {
      const known = patterns.get(component) ??
        readPatterns(values[`${component}.alpha_pattern`]);
      patterns.set(component, known);
      const alpha = findPattern(known, module)?.alpha ?? values[`${component}.lora_alpha`];
      // JSON writes 1e999 for what no number can hold.
      return typeof alpha === "number" && Number.isFinite(alpha) ? alpha : undefined;
    },
    usesRankRoot: (component) => isTrue(`${component}.use_rslora`),
    usesDora: (component) => isTrue(`${component}.use_dora`),
  };
}

/** The alpha of modules whose path ends with a name. */
interface AlphaPattern {
  /** Position in the file: the first pattern that fits is used. */
  readonly index: number;
  readonly alpha: unknown;
}

function readPatterns(value: unknown): ReadonlyMap<string, AlphaPattern> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(entries.map(([name, alpha], index) => [name, { index, alpha }]));
}

/** Looks up the module and each end of its path, so that the number of patterns does not matter. */
function findPattern(
  patterns: ReadonlyMap<string, AlphaPattern>,
  module: string,
): AlphaPattern | undefined {
  let first: AlphaPattern | undefined;
  for (let start = 0;; start = module.indexOf(".", start) + 1) {
    const found = patterns.get(module.slice(start));
    if (found && (!first || found.index < first.index)) first = found;
    if (!module.includes(".", start)) return first;
  }
}

function parseSettings(file: string, text: string): Readonly<Record<string, unknown>> {
  const fault = scanJson(text, { maxKeys: 100_000, maxDepth: 8 });
  if (fault !== undefined) {
    throw new LoraError(file, `"${SETTINGS_KEY}" in its metadata is not valid: ${fault}`);
  }
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === "object" && values !== null) return values as Record<string, unknown>;
  } catch {
    // Refused below, as is JSON that is not an object.
  }
  throw new LoraError(file, `expected a JSON object for "${SETTINGS_KEY}" in its metadata`);
}
