import { findOwnClip } from "../conditioning/clip_location.ts";
import { openTeacherFolder, TeacherFolderError } from "../conditioning/teacher_folder.ts";
import { readSchedulerConfig } from "../guidance/scheduler_config.ts";
import { ModelConfig } from "../models/model_config.ts";
import { ModelConfigError } from "../models/model_config_error.ts";
import type { TensorInfo } from "../single_file/tensor_list.ts";
import { defined } from "../text/defined.ts";
import { recordWeights } from "../tools/record_weights.ts";
import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { readSafetensorsHeader } from "../weights/safetensors.ts";
import { subfolderPath } from "../weights/folder_files.ts";
import { findWeightFiles } from "../weights/weight_files.ts";
import { KEY_FAMILIES } from "./families/key_families.ts";
import { fitsFamily, type KeyFamily, type ModelKind } from "./families/key_family.ts";
import type { ModelReport, TensorsReport } from "./model_report.ts";
import { compareNetwork, countPart, nameTensors } from "./tensor_counts.ts";

/** Networks of a pipeline in diffusers' layout. */
const NETWORKS: readonly string[] = [
  "unet",
  "transformer",
  "prior",
  "text_encoder",
  "text_encoder_2",
  "text_encoder_3",
  "vae",
  "vqgan",
];

/** A network in a folder: its tensors. */
interface FolderNetwork {
  /** Folder in the model's folder; "" for itself. */
  readonly subfolder: string;
  /** Name in the report. */
  readonly name: string;
  /** Tensors by key. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** Networks alone in a folder, by the class in their config.json, and the key that names them. */
const CLASSES: Readonly<
  Record<string, { readonly name: string; readonly kind: ModelKind; readonly key?: string }>
> = {
  UNet2DConditionModel: { name: "unet", kind: "UNet" },
  CLIPTextModel: { name: "text_encoder", kind: "text encoder" },
  CLIPTextModelWithProjection: { name: "text_encoder_2", kind: "text encoder" },
  CLIPModel: { name: "clip", kind: "text encoder", key: "diffusion.clip_id" },
  AutoencoderKL: { name: "vae", kind: "autoencoder", key: "diffusion.vae_id" },
  AutoencoderTiny: { name: "vae", kind: "autoencoder", key: "diffusion.vae_id" },
  ControlNetModel: { name: "controlnet", kind: "ControlNet", key: "controlnet.models_id" },
};

/** Tells whether a folder is a pipeline or a network in diffusers' layout. */
export async function isDiffusersFolder(folder: ModelFolder): Promise<boolean> {
  for (const path of ["model_index.json", "unet/config.json", "config.json"]) {
    if (await folder.has(path)) return true;
  }
  return false;
}

/**
 * Reports what a folder in diffusers' layout is. Only configs and headers are read.
 *
 * @throws {ModelFolderError} If a file cannot be read.
 * @throws {SafetensorsError} If a file is not valid.
 */
export async function inspectFolder(folder: ModelFolder, location: string): Promise<ModelReport> {
  const isPipeline = await folder.has("model_index.json") || await folder.has("unet/config.json");
  return isPipeline
    ? await inspectPipeline(folder, location)
    : await inspectNetwork(folder, location);
}

async function inspectPipeline(folder: ModelFolder, location: string): Promise<ModelReport> {
  const networks: FolderNetwork[] = [];
  for (const name of NETWORKS) {
    if (!await folder.has(`${name}/config.json`)) continue;
    networks.push(await readNetwork(folder, name, name));
  }
  const all = joined(networks);
  const family = KEY_FAMILIES.find((known) => fitsFamily(known, all));
  const clip = await findOwnClip(folder);
  if (clip) networks.push(await readNetwork(folder, clip.subfolder, clip.subfolder));
  const { report, problem } = family?.keys
    ? { report: foreign(all), problem: undefined }
    : await compareAll(folder, networks);
  let predictionType: ModelReport["predictionType"];
  let reason = family === undefined ? "it is a pipeline of no known family" : undefined;
  if (family?.refusal !== undefined) reason = `it is ${family.refusal}`;
  try {
    ({ predictionType } = await readSchedulerConfig(folder));
    if (reason === undefined) await openTeacherFolder(folder, { name: location });
  } catch (error) {
    reason ??= reasonIn(error);
  }
  reason ??= problem ?? misfit(report);
  return {
    ...reportOf(location, { networks, family, kind: family?.kind ?? "teacher", tensors: report }),
    ...defined({ predictionType }),
    ...verdict(reason, `--model ${location}`),
  };
}

async function inspectNetwork(folder: ModelFolder, location: string): Promise<ModelReport> {
  const config = await ModelConfig.open(folder, "");
  const className = String(config.get("_class_name") ?? [config.get("architectures")].flat()[0]);
  const known = Object.hasOwn(CLASSES, className) ? CLASSES[className] : undefined;
  const network = await readNetwork(folder, "", known?.name ?? "");
  const networks = [network];
  const all = new Map([...network.tensors, ...joined(networks)]);
  const family = KEY_FAMILIES.find((one) => fitsFamily(one, all));
  const { report, problem } = known
    ? await compareAll(folder, networks)
    : { report: foreign(all), problem: undefined };
  const isForeign = family?.name.startsWith("union") || family?.name.includes("Flux");
  const reason = isForeign
    ? `it is ${family!.refusal}`
    : known?.key
    ? problem ?? misfit(report) ?? await tokenizerProblem(folder, className)
    : `it is a "${className}" alone, and a teacher needs a folder with all its networks`;
  return {
    ...reportOf(location, {
      networks,
      family,
      kind: known?.kind ?? family?.kind ?? "other",
      tensors: report,
    }),
    ...verdict(reason, `--set ${known?.key}=${location}`),
    notes: known?.kind === "autoencoder" ? notesOnScale(config) : [],
  };
}

/** A CLIP alone needs a tokenizer; that of a teacher uses the teacher's. */
async function tokenizerProblem(
  folder: ModelFolder,
  className: string,
): Promise<string | undefined> {
  if (className !== "CLIPModel" || await folder.has("tokenizer_config.json")) return undefined;
  return 'it has no tokenizer: it ranks samples only as the folder "clip" of a teacher';
}

/** Scale of an AutoencoderKL whose config does not tell it: that of Stable Diffusion. */
const SD_SCALE = 0.18215;
/** Models by the scale of their latents. */
const SCALES: ReadonlyMap<number, string> = new Map([
  [0.13025, "SDXL"],
  [SD_SCALE, "Stable Diffusion 1 and 2"],
]);

/** An autoencoder of another model has other latents, which no shape tells. */
function notesOnScale(config: ModelConfig): string[] {
  if (config.get("_class_name") !== "AutoencoderKL") return [];
  const scale = config.get("scaling_factor") ?? SD_SCALE;
  const known = SCALES.get(scale as number) ?? "another model";
  return [`Its scaling_factor is ${String(scale)}, which is that of ${known}`];
}

async function readNetwork(
  folder: ModelFolder,
  subfolder: string,
  name: string,
): Promise<FolderNetwork> {
  const tensors = new Map<string, TensorInfo>();
  let files: readonly string[];
  try {
    ({ files } = await findWeightFiles(folder, subfolder, "float16"));
  } catch (cause) {
    if (!(cause instanceof RangeError || cause instanceof SyntaxError)) throw cause;
    const path = `${folder.location.replace(/\/$/, "")}/${subfolderPath(subfolder, "")}`;
    throw new ModelFolderError(path, cause.message, { cause });
  }
  for (const file of files) {
    const source = await folder.source(file);
    try {
      for (const [key, info] of readSafetensorsHeader(source).tensors) tensors.set(key, info);
    } finally {
      source.close();
    }
  }
  return { subfolder, name, tensors };
}

/** Joins the tensors of networks, behind their names. */
function joined(networks: readonly FolderNetwork[]): Map<string, TensorInfo> {
  return new Map(
    networks.flatMap(({ name, tensors }) =>
      [...tensors].map(([key, info]) => [name === "" ? key : `${name}.${key}`, info] as const)
    ),
  );
}

async function compareAll(
  folder: ModelFolder,
  networks: readonly FolderNetwork[],
): Promise<{ readonly report: TensorsReport; readonly problem: string | undefined }> {
  const all = joined(networks);
  const unknown: string[] = [];
  const unsupported: string[] = [];
  const ignored = [...all.keys()].filter((key) => /(^|\.)embeddings\.position_ids$/.test(key));
  const missing: TensorsReport["missing"][number][] = [];
  const misshapen: TensorsReport["misshapen"][number][] = [];
  let problem: string | undefined;
  for (const { subfolder, name, tensors } of networks) {
    const mapped = [...tensors].map(([key, { shape }]) => ({ key, shape, from: `${name}.${key}` }));
    try {
      const needed = recordWeights(await ModelConfig.open(folder, subfolder));
      const difference = compareNetwork(name, mapped, needed);
      unknown.push(...difference.extra);
      missing.push(...difference.missing);
      misshapen.push(...difference.misshapen);
    } catch (error) {
      problem ??= reasonIn(error);
      unsupported.push(...mapped.map(({ from }) => from));
    }
  }
  const report = {
    total: all.size,
    used: all.size - ignored.length - unknown.length - unsupported.length,
    ignored: nameTensors(all, ignored),
    unsupported: nameTensors(all, unsupported),
    unknown: nameTensors(all, unknown),
    missing,
    misshapen,
  };
  return { report, problem };
}

/** Tensors of a model that is refused as a whole. */
function foreign(tensors: ReadonlyMap<string, TensorInfo>): TensorsReport {
  return {
    total: tensors.size,
    used: 0,
    ignored: [],
    unsupported: nameTensors(tensors, tensors.keys()),
    unknown: [],
    missing: [],
    misshapen: [],
  };
}

function reasonIn(error: unknown): string {
  const isKnown = error instanceof ModelConfigError || error instanceof ModelFolderError ||
    error instanceof TeacherFolderError;
  if (isKnown) return error.message;
  throw error;
}

function misfit({ missing, unknown, misshapen }: TensorsReport): string | undefined {
  const [first] = [...missing, ...unknown, ...misshapen];
  if (first === undefined) return undefined;
  return `its tensors do not fit: ${missing.length} missing, ${unknown.length} unknown and ` +
    `${misshapen.length} of another shape, such as "${first.key}" [${first.shape.join(", ")}]`;
}

function verdict(
  reason: string | undefined,
  use: string,
): Pick<ModelReport, "isUsable" | "use"> {
  return reason === undefined
    ? { isUsable: true, use: `Smalti can use it: ${use}` }
    : { isUsable: false, use: `Smalti cannot use it: ${reason}` };
}

function reportOf(
  location: string,
  { networks, family, kind, tensors }: {
    readonly networks: readonly FolderNetwork[];
    readonly family: KeyFamily | undefined;
    readonly kind: ModelKind;
    readonly tensors: TensorsReport;
  },
): Omit<ModelReport, "isUsable" | "use"> {
  const parts = networks.map(({ name, tensors }) =>
    countPart({ name: name === "" ? kind : name, layout: "diffusers" }, tensors.values())
  );
  return {
    location,
    family: family?.name ?? "unknown",
    kind,
    byteLength: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
    parts,
    markers: [],
    tensors,
    metadata: {},
    notes: [],
  };
}
