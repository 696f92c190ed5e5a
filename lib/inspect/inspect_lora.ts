import { LoraError } from "../lora/lora_error.ts";
import { LoraFile } from "../lora/lora_file.ts";
import { mergeLoras } from "../lora/lora_merge.ts";
import {
  findLoraModules,
  flatLoraName,
  type LoraComponent,
  parseLoraKey,
} from "../lora/lora_names.ts";
import { ModelConfig } from "../models/model_config.ts";
import type { TensorList } from "../single_file/tensor_list.ts";
import { recordWeights } from "../tools/record_weights.ts";
import type { ByteSource } from "../weights/byte_source.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import type { SafetensorsHeader } from "../weights/safetensors.ts";
import { StateDict } from "../weights/state_dict.ts";
import { baseOf, formatOf, LORA_ALPHA, LORA_LAYOUTS, rankOf } from "./families/lora_formats.ts";
import type { LoraReport, ModelReport, TensorsReport } from "./model_report.ts";
import { countPart, nameTensors } from "./tensor_counts.ts";

/** Models whose modules a LoRA may change, by the folders of their configs. */
const TARGETS: readonly Target[] = [
  { name: "SDXL", base: "SDXL", folders: ["sdxl"] },
  { name: "SSD-1B", base: "SDXL", folders: ["ssd1b", "sdxl"] },
  { name: "Stable Diffusion 1.5", base: "Stable Diffusion", folders: ["sd15"] },
  { name: "Stable Diffusion 2", base: "Stable Diffusion", folders: ["sd21", "sd15"] },
];

/** A model that a LoRA may be made for. */
interface Target {
  /** Name for the report. */
  readonly name: string;
  /** Text in the name of the base that keys tell. */
  readonly base: string;
  /** Folders of its configs, in order of precedence. */
  readonly folders: readonly string[];
}

const COMPONENTS: readonly LoraComponent[] = ["unet", "text_encoder", "text_encoder_2"];

type Networks = ReadonlyMap<LoraComponent, StateDict>;

/**
 * Reports what a LoRA is, and whether its changes fit SDXL or SSD-1B.
 *
 * @param source The file, which is closed. Values may read as zero.
 */
export async function inspectLora(
  location: string,
  source: ByteSource,
  { tensors, metadata }: SafetensorsHeader,
): Promise<ModelReport> {
  const lora = describeLora(tensors);
  const part = countPart({ name: "LoRA", layout: lora.layout }, tensors.values());
  const targets = targetsOf(lora);
  const found = await findTarget(source, targets);
  const base = {
    location,
    family: `LoRA for ${lora.base}`,
    kind: "LoRA",
    byteLength: part.byteLength,
    parts: [part],
    markers: [],
    lora,
    metadata,
    notes: notesOn(lora, tensors),
  } as const;
  const networks = await openTarget((targets[0] ?? TARGETS[0]!).folders);
  const lists = sortKeys(tensors, networks);
  if (found.target !== undefined) {
    const unsupported = lists.unsupported.filter(({ key }) => isEmbedded(key));
    const used = tensors.size - unsupported.length;
    const all = { ...lists, used, unknown: [], unsupported };
    const use = `Smalti can use it with ${found.target}: --set diffusion.lora_path=${location}`;
    return { ...base, tensors: all, isUsable: true, use };
  }
  const use = `Smalti cannot use it: ${reasonOf(lora, lists, { ...found, targets })}`;
  return { ...base, tensors: lists, isUsable: false, use };
}

/** Tells whether a tensor belongs to a textual inversion in the file of a LoRA. */
function isEmbedded(key: string): boolean {
  return key.startsWith("bundle_emb.");
}

function describeLora(tensors: TensorList): LoraReport {
  const formats = new Set<string>();
  const ranks = new Set<number>();
  const modules = new Map<string, Set<string>>();
  for (const [key, { shape }] of tensors) {
    const format = formatOf(key);
    if (format) formats.add(format.name);
    const rank = rankOf(key, shape);
    if (rank !== undefined) ranks.add(rank);
    const name = moduleOf(key);
    if (name === undefined) continue;
    const network = networkOf(key);
    modules.set(network, (modules.get(network) ?? new Set()).add(name));
  }
  const layout = LORA_LAYOUTS.find(([, pattern]) =>
    tensors.keys().some((key) => pattern.test(key))
  );
  return {
    formats: [...formats],
    layout: layout?.[0] ?? "unknown",
    base: baseOf(tensors),
    ranks: [...ranks].sort((a, b) => a - b),
    modules: Object.fromEntries([...modules].map(([name, set]) => [name, set.size])),
  };
}

/** Returns the module of a key; undefined for keys that belong to none. */
function moduleOf(key: string): string | undefined {
  if (isEmbedded(key)) return undefined;
  const format = formatOf(key);
  if (format) return key.replace(format.ending, "");
  return LORA_ALPHA.test(key) ? key.replace(LORA_ALPHA, "") : undefined;
}

/** Names of networks, by the beginnings of keys. */
const NETWORKS: readonly (readonly [RegExp, string])[] = [
  [/^(base_model\.model\.)?(lora_te2_|text_encoder_2\.|text_encoders\.clip_g\.)/, "text_encoder_2"],
  [
    /^(base_model\.model\.)?(lora_te1?_|text_encoder\.|text_encoders\.|text_model\.)/,
    "text_encoder",
  ],
];

function networkOf(key: string): string {
  return NETWORKS.find(([pattern]) => pattern.test(key))?.[1] ?? "unet";
}

/** Returns the targets that a LoRA may be made for, as far as its keys tell. */
function targetsOf({ base }: LoraReport): readonly Target[] {
  return base === "unknown" ? TARGETS : TARGETS.filter((target) => {
    // "Stable Diffusion 3" is none of them.
    const isLater = /Stable Diffusion 3/.test(base);
    return !isLater && base.includes(target.base);
  });
}

/** Tries to merge the LoRA with each target, as a run does. */
async function findTarget(
  source: ByteSource,
  targets: readonly Target[],
): Promise<{ readonly target?: string; readonly error?: LoraError }> {
  let first: LoraError | undefined;
  try {
    using lora = LoraFile.fromSource(source);
    for (const { name, folders } of targets) {
      try {
        for (const [component, weights] of await openTarget(folders)) {
          mergeLoras(weights, component, [{ lora, scale: 1 }]);
        }
        return { target: name };
      } catch (error) {
        if (!(error instanceof LoraError)) throw error;
        first ??= error;
      }
    }
  } catch (error) {
    if (!(error instanceof LoraError)) throw error;
    first ??= error;
  }
  return first ? { error: first } : {};
}

/** Opens the networks of a target; their weights have keys and shapes only. */
async function openTarget(folders: readonly string[]): Promise<Networks> {
  const networks = new Map<LoraComponent, StateDict>();
  for (const component of COMPONENTS) {
    for (const name of folders) {
      const folder = openModelFolder(new URL(`../../assets/structures/${name}/`, import.meta.url));
      if (!await folder.has(`${component}/config.json`)) continue;
      const entries = recordWeights(await ModelConfig.open(folder, component));
      networks.set(component, StateDict.fromEntries(entries, `${component} of ${name}`));
      break;
    }
  }
  return networks;
}

function sortKeys(tensors: TensorList, networks: Networks): TensorsReport {
  const modules = new Map(
    [...networks].map(([component, weights]) => [component, findLoraModules(weights)]),
  );
  const unsupported: string[] = [];
  const unknown: string[] = [];
  // A strength is used with the factors that it scales.
  const scaled = new Set(
    tensors.keys().filter((key) => !LORA_ALPHA.test(key) && parseLoraKey(key) !== undefined)
      .map((key) => moduleOf(key)),
  );
  for (const key of tensors.keys()) {
    const parsed = parseLoraKey(key);
    const isStrange = LORA_ALPHA.test(key) && !scaled.has(moduleOf(key));
    const isFound = parsed && modules.get(parsed.component)?.has(flatLoraName(parsed.module));
    if (isFound && !isStrange) continue;
    if (isStrange || (parsed === undefined && formatOf(key))) unsupported.push(key);
    else unknown.push(key);
  }
  return {
    total: tensors.size,
    used: tensors.size - unsupported.length - unknown.length,
    ignored: [],
    unsupported: nameTensors(tensors, unsupported),
    unknown: nameTensors(tensors, unknown),
    missing: [],
    misshapen: [],
  };
}

function reasonOf(
  lora: LoraReport,
  lists: TensorsReport,
  { error, targets }: {
    readonly error?: LoraError;
    readonly targets: readonly Target[];
  },
): string {
  if (targets.length === 0) {
    const names = TARGETS.map(({ name }) => name).join(", ");
    return `it was made for ${lora.base}, and Smalti uses ${names}`;
  }
  const formats = new Set(
    lists.unsupported.map(({ key }) => formatOf(key)?.name).filter((name) => name !== undefined),
  );
  if (formats.size > 0 && !(formats.size === 1 && formats.has("LoRA"))) {
    return `it has ${[...formats].join(" and ")}, which is not supported yet`;
  }
  const detail = error?.message.replace(/^Cannot use ".*?" as LoRA: /, "");
  return detail ?? "its keys are of no known LoRA";
}

/** Blocks that a B-LoRA changes. Source: Frenkel et al. 2024, https://arxiv.org/abs/2403.14572. */
const B_LORA = /up_blocks[._]0[._]attentions[._][01][._]/;

function notesOn({ modules }: LoraReport, tensors: TensorList): string[] {
  const notes: string[] = [];
  const names = Object.keys(modules);
  if (names.length > 0 && !names.includes("unet")) notes.push("It changes text encoders only");
  if (tensors.keys().some(isEmbedded)) {
    notes.push("It holds textual inversions, which are left out: their words have no effect");
  }
  const isB = names.join() === "unet" && tensors.keys().every((key) => B_LORA.test(key));
  if (isB) notes.push("It is a B-LoRA: it changes the two blocks of content and style only");
  return notes;
}
