import { fileURLToPath } from "node:url";
import { accessErrorText } from "../text/access_error.ts";
import { Gpu } from "../../kernels/gpu/gpu.ts";
import { chooseRuntime } from "../onnx/runtime/choose_runtime.ts";
import { OrtSessions } from "../onnx/runtime/ort_sessions.ts";
import type { Runtime } from "../onnx/runtime/session.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import { ENDING, openReference } from "./reference_file.ts";
import { readTokenFile, TOKEN_FILE, type TokenFile } from "./token_file.ts";
import type { Verification, Verify } from "./verification.ts";
import { verifyAdamw } from "./verify_adamw.ts";
import { verifyAugment } from "./verify_augment.ts";
import { verifyCanny } from "./verify_canny.ts";
import { verifyGenerator } from "./verify_generator.ts";
import { verifyInitialize } from "./verify_initialize.ts";
import { verifyLearningRates } from "./verify_learning_rates.ts";
import { failure, orFailure, type TensorComparison } from "./tensor_comparison.ts";
import { LORA_FILES, verifyLora } from "./verify_lora.ts";
import { verifyLosses } from "./verify_losses.ts";
import { verifyPromptEmbeds } from "./verify_prompt_embeds.ts";
import { SD15_LORA_FILES, verifySd15, verifySd15Loras } from "./verify_sd15.ts";
import { verifySamplers } from "./verify_samplers.ts";
import { verifySchedulers } from "./verify_schedulers.ts";
import { verifySdsStep } from "./verify_sds_step.ts";
import { verifyTokens } from "./verify_tokens.ts";
import { verifyUnetControlnet } from "./verify_unet_controlnet.ts";
import { verifyVae } from "./verify_vae.ts";
import { verifyBlip, verifyClip, verifyDepthAnything, verifyDptHybrid } from "./verify_vision.ts";

/** Computes the tensors of each file, by its name without extension, in the order of a run. */
const KINDS: ReadonlyMap<string, Verify> = new Map<string, Verify>([
  ["canny", verifyCanny],
  ["initialize", verifyInitialize],
  ["learning_rates", verifyLearningRates],
  ["schedulers", verifySchedulers],
  ["samplers", verifySamplers],
  ["generator", verifyGenerator],
  ["augment", verifyAugment],
  ["losses", verifyLosses],
  ["adamw", verifyAdamw],
  ["prompt_embeds", verifyPromptEmbeds],
  ["vae", verifyVae],
  ["unet_controlnet", verifyUnetControlnet],
  ["lora_expected", verifyLora],
  ["sd15", verifySd15],
  ["lora_sd15", verifySd15Loras],
  ["sds_step", verifySdsStep],
  ["depth_anything", verifyDepthAnything],
  ["dpt_hybrid", verifyDptHybrid],
  ["clip", verifyClip],
  ["blip", verifyBlip],
]);

/** Files with inputs instead of results, by the file with the results. */
const GIVEN: ReadonlyMap<string, readonly string[]> = new Map([
  ["lora_expected", LORA_FILES],
  ["lora_sd15", SD15_LORA_FILES],
]);

/** Folder of the teacher inside the folder of reference tensors. */
const TEACHER = "tiny-sdxl";

/** Options of {@linkcode verifyFolder}. */
export interface VerifyOptions {
  /** What runs the networks. */
  readonly runtime: Runtime | "auto";
}

/**
 * Computes the tensors of a folder of reference files and compares them.
 *
 * The folder has a teacher in `tiny-sdxl/`, and safetensors files named after their content. Shapes
 * come from the tensors, settings from the metadata of the files. An error in one part becomes a
 * failed comparison, and the other parts follow.
 *
 * @param location Path or URL of the folder.
 * @throws {RangeError} If there is nothing to compare.
 */
export async function* verifyFolder(
  location: string | URL,
  { runtime: wanted }: VerifyOptions,
): AsyncGenerator<TensorComparison> {
  const folder = openModelFolder(location);
  const names = await listFiles(folder, location);
  if (!names.some((name) => KINDS.has(stemOf(name)))) {
    throw new RangeError(
      `Cannot verify "${folder.location}": expected files of reference tensors such as ` +
        `vae${ENDING}, got none`,
    );
  }
  using gpu = await Gpu.request();
  const sessions = new OrtSessions({ runtime: chooseRuntime(gpu, wanted), gpu });
  const teacher = openModelFolder(childOf(location, TEACHER));
  let tokens: TokenFile | undefined;
  try {
    tokens = await readTokenFile(folder);
  } catch (error) {
    yield failure(TOKEN_FILE, error instanceof Error ? error.message : String(error));
  }
  if (tokens) yield* verifyTokens(tokens, teacher);
  for (const [kind, verify] of KINDS) {
    yield* orFailure(kind, async function* () {
      if (names.includes(`${kind}${ENDING}`)) {
        const file = await openReference(folder, kind);
        yield* verifyFile({ file, folder, teacher, tokens, gpu, sessions }, verify);
      } else {
        yield { status: "skipped", name: kind, reason: `there is no ${kind}${ENDING}` };
      }
    });
  }
  const stems = names.filter((name) => name.endsWith(ENDING)).map(stemOf);
  const known = new Set([...KINDS.keys(), ...stems.flatMap((stem) => GIVEN.get(stem) ?? [])]);
  for (const name of stems.filter((stem) => !known.has(stem))) {
    const reason = "this version computes nothing of this kind";
    yield { status: "skipped", name, reason };
  }
}

/** Compares the tensors of a file; those that are not used are skipped by name. */
async function* verifyFile(
  verification: Verification,
  verify: Verify,
): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  let hasFailed = false;
  for await (const line of orFailure(file.name, () => verify(verification))) {
    hasFailed ||= line.status === "FAIL" && line.reason !== undefined;
    yield line;
  }
  // After an error, it is unknown which tensors would have been used.
  if (hasFailed) return;
  for (const name of file.unused) {
    yield file.skip(name, "this version does not compute it");
  }
}

/** Lists the files of a folder, sorted; at a URL, the known names are requested. */
async function listFiles(folder: ModelFolder, location: string | URL): Promise<string[]> {
  const path = pathOf(location);
  if (path === undefined) {
    const files = [...KINDS.keys()].map((kind) => `${kind}${ENDING}`);
    const found = await Promise.all(files.map((file) => folder.has(file)));
    return files.filter((_, i) => found[i]);
  }
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) if (!entry.isDirectory) names.push(entry.name);
  } catch (cause) {
    throw new RangeError(`Cannot verify "${path}": ${describe(cause, path)}`, { cause });
  }
  return names.sort();
}

function describe(error: unknown, path: string): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  if (error instanceof Deno.errors.NotADirectory) return "expected a folder, got a file";
  return accessErrorText(error, `--allow-read="${path}"`);
}

/** Returns the path of a local folder; undefined for a remote URL. */
function pathOf(location: string | URL): string | undefined {
  if (typeof location === "string" && !/^[a-z][a-z+.-]+:/i.test(location)) return location;
  const url = new URL(location);
  return url.protocol === "file:" ? fileURLToPath(url) : undefined;
}

function childOf(location: string | URL, name: string): string | URL {
  const path = pathOf(location);
  if (path !== undefined) return `${path.replace(/[\\/]$/, "")}/${name}`;
  const base = String(location);
  return new URL(`${name}/`, base.endsWith("/") ? base : `${base}/`);
}

function stemOf(name: string): string {
  return name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : name;
}
