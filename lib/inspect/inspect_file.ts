import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { ModelConfig } from "../models/model_config.ts";
import { ModelConfigError } from "../models/model_config_error.ts";
import { readTraining } from "../single_file/derive_configs.ts";
import { layoutOf } from "../single_file/checkpoint_layout.ts";
import { JoinedFolder } from "../single_file/joined_folder.ts";
import { SingleFileFolder } from "../single_file/single_file_folder.ts";
import type { FoundPart } from "../single_file/split_checkpoint.ts";
import type { TensorList } from "../single_file/tensor_list.ts";
import { defined } from "../text/defined.ts";
import { recordWeights } from "../tools/record_weights.ts";
import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { inspectLora } from "./inspect_lora.ts";
import type { KeyFamily, ModelKind } from "./families/key_family.ts";
import { LORA_FAMILY, recognizeFile } from "./families/recognize.ts";
import type { ModelReport, TensorsReport } from "./model_report.ts";
import { planTeacher } from "./plan_teacher.ts";
import { compareNetwork, countPart, nameTensors } from "./tensor_counts.ts";

/** Names of networks in sentences. */
const NETWORK_NAMES: Readonly<Record<string, string>> = {
  text_encoder: "text encoder",
  text_encoder_2: "second text encoder",
  vae: "autoencoder",
};

/**
 * Reports what a safetensors file is. Only its header is read.
 *
 * @param folder Folder of the file.
 * @param path Path in the folder.
 * @param location Name for the report.
 * @param options.gpu Device of the memory plan. Default: a GPU that computes in float16.
 * @throws {SafetensorsError} If it is no safetensors file.
 * @throws {ModelFolderError} If it cannot be read.
 */
export async function inspectFile(
  folder: ModelFolder,
  path: string,
  location: string,
  { gpu }: { readonly gpu?: Gpu } = {},
): Promise<ModelReport> {
  const file = await SingleFileFolder.open(folder, path, { beside: folder });
  const { split, header } = file;
  const family = recognizeFile(file);
  if (family === LORA_FAMILY) {
    return await inspectLora(location, await folder.source(path), header);
  }
  const { tensors, problem } = family.keys
    ? { tensors: matchKeys(file, family.keys), problem: undefined }
    : await matchNetworks(file);
  const training = readTraining(split.markers, header.metadata);
  const parts = family.keys || split.parts.length === 0
    ? [countPart({ name: family.kind, layout: "single file" }, header.tensors.values())]
    : split.parts.map((part) => countNetwork(part, header.tensors));
  const report: ModelReport = {
    location,
    family: family.name,
    kind: family.kind,
    byteLength: countPart({ name: "", layout: "" }, header.tensors.values()).byteLength,
    parts,
    ...defined({ predictionType: isDiffusion(family) ? training.predictionType : undefined }),
    markers: split.markers,
    tensors,
    metadata: header.metadata,
    ...verdict(location, family, { tensors, problem }),
    notes: isDiffusion(family) ? notesOn(file, family) : [],
  };
  const isWhole = report.isUsable && report.kind === "teacher" && lackingIn(file).length === 0;
  if (!isWhole) return report;
  const tokenizers = Object.keys(layoutOf(split).tokenizers);
  const whole = new JoinedFolder(file, new Map(tokenizers.map((name) => [name, ANY_TOKENIZER])));
  return { ...report, memory: await planTeacher(whole, location, gpu) };
}

/** A plan reads no tokenizer, but a teacher must have one. */
const ANY_TOKENIZER: ModelFolder = {
  location: "",
  has: () => Promise.resolve(true),
  text: () => Promise.resolve("{}"),
  source: () => Promise.reject(new ModelFolderError("tokenizer", "it has no weights")),
};

function isDiffusion({ kind, keys }: KeyFamily): boolean {
  return keys === undefined && (kind === "teacher" || kind === "UNet");
}

function countNetwork({ part, layout, tensors }: FoundPart, stored: TensorList) {
  const keys = new Set(tensors.map(({ from }) => from));
  return countPart({ name: part, layout }, [...keys].map((key) => stored.get(key)!));
}

/** Sorts the keys of a family that Smalti cannot build. */
function matchKeys(
  { split, header: { tensors } }: SingleFileFolder,
  known: readonly RegExp[],
): TensorsReport {
  const ignored = new Set([...split.ignored, ...split.markers]);
  const rest = [...tensors.keys()].filter((key) => !ignored.has(key));
  const unknown = rest.filter((key) => !known.some((pattern) => pattern.test(key)));
  const others = new Set(unknown);
  return {
    total: tensors.size,
    used: 0,
    ignored: nameTensors(tensors, ignored),
    unsupported: nameTensors(tensors, rest.filter((key) => !others.has(key))),
    unknown: nameTensors(tensors, unknown),
    missing: [],
    misshapen: [],
  };
}

/** Compares each network with the tensors that its graph needs. */
async function matchNetworks(
  file: SingleFileFolder,
): Promise<{ readonly tensors: TensorsReport; readonly problem: string | undefined }> {
  const { split, header: { tensors } } = file;
  const unknown = new Set(split.unknown);
  const unsupported = new Set<string>();
  const missing: TensorsReport["missing"][number][] = [];
  const misshapen: TensorsReport["misshapen"][number][] = [];
  let problem: string | undefined;
  for (const { part, tensors: mapped } of split.parts) {
    try {
      const needed = recordWeights(await ModelConfig.open(file, part));
      const difference = compareNetwork(part, mapped, needed);
      for (const key of difference.extra) unknown.add(key);
      missing.push(...difference.missing);
      misshapen.push(...difference.misshapen);
    } catch (error) {
      if (!(error instanceof ModelConfigError || error instanceof ModelFolderError)) throw error;
      problem ??= error.message;
      for (const { from } of mapped) unsupported.add(from);
    }
  }
  const ignored = [...split.ignored, ...split.markers];
  const report = {
    total: tensors.size,
    used: tensors.size - ignored.length - unknown.size - unsupported.size,
    ignored: nameTensors(tensors, ignored),
    unsupported: nameTensors(tensors, unsupported),
    unknown: nameTensors(tensors, unknown),
    missing,
    misshapen,
  };
  return { tensors: report, problem };
}

/** How a file of a kind is named. */
const SETTINGS: Partial<Readonly<Record<ModelKind, string>>> = {
  autoencoder: "--set diffusion.vae_id=",
  ControlNet: "--set controlnet.models_id=",
};

interface Findings {
  readonly tensors: TensorsReport;
  /** Why a config of a network cannot be used. */
  readonly problem: string | undefined;
}

function verdict(
  location: string,
  family: KeyFamily,
  { tensors, problem }: Findings,
): Pick<ModelReport, "isUsable" | "use"> {
  const refuse = (reason: string) => ({
    isUsable: false,
    use: `Smalti cannot use it: ${reason}`,
  });
  if (family.refusal !== undefined) return refuse(`it is ${family.refusal}`);
  if (problem !== undefined) return refuse(problem);
  const { missing, unknown, misshapen } = tensors;
  const [first] = [...missing, ...unknown, ...misshapen];
  if (first) {
    return refuse(
      `its tensors do not fit: ${missing.length} missing, ${unknown.length} unknown and ` +
        `${misshapen.length} of another shape, such as "${first.key}" [${first.shape.join(", ")}]`,
    );
  }
  const setting = SETTINGS[family.kind] ?? "--model ";
  return { isUsable: true, use: `Smalti can use it: ${setting}${location}` };
}

/** Returns the names of the networks that a teacher in a file lacks. */
function lackingIn({ split }: SingleFileFolder): string[] {
  const found = new Set<string>(split.parts.map(({ part }) => part));
  return [...layoutOf(split).textEncoders, "vae"]
    .filter((part) => !found.has(part))
    .map((part) => NETWORK_NAMES[part]!);
}

function notesOn(file: SingleFileFolder, family: KeyFamily): string[] {
  const { split, header } = file;
  const { name } = family;
  const notes: string[] = [];
  const lacking = family.refusal === undefined ? lackingIn(file) : [];
  const { baseId, tokenizerIds } = layoutOf(split);
  if (lacking.length > 0) {
    notes.push(
      `It has no ${lacking.join(", no ")}; a run takes them from diffusion.base_id or ` +
        `diffusion.vae_id` +
        (baseId === undefined ? "" : `, or from ${baseId} (in the cache, or with --download)`),
    );
  }
  if (family.refusal === undefined) {
    notes.push(
      "A file has no tokenizer; a run takes it from beside the file, from " +
        `diffusion.tokenizer_id, or from ${tokenizerIds.join(" or ")} (in the cache, or 1.6 MB ` +
        `with --download)`,
    );
  }
  const told = header.metadata["modelspec.prediction_type"] ?? "";
  const isMarked = split.markers.includes("v_pred") || told !== "";
  if (name.startsWith("Stable Diffusion 2") && !isMarked) {
    notes.push(
      "The file does not tell whether it predicts noise or v: models of Stable Diffusion 2 for " +
        "768 pixels predict v, which diffusion.prediction_type=v_prediction says",
    );
  } else if (!isMarked) {
    notes.push(
      "No marker and no metadata tells the prediction type, so it is taken to be epsilon; " +
        "merged files often lose the markers",
    );
  }
  return notes;
}
