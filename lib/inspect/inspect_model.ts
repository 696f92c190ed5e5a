import { basename, dirname } from "node:path";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { type HubModelOptions, openHubModel } from "../hub/hub_model.ts";
import { HubError } from "../hub/hub_error.ts";
import { hasShortName, isBuiltInTeacher, parseModelId } from "../hub/model_ids.ts";
import { mayRead } from "../hub/machine.ts";
import { RemoteFolder } from "../hub/remote_folder.ts";
import { defined } from "../text/defined.ts";
import { parseLoraLocation } from "../lora/lora_names.ts";
import { type ModelFolder, ModelFolderError } from "../weights/model_folder.ts";
import { openModelFolder } from "../weights/open_model_folder.ts";
import { describeOtherFormat } from "../weights/other_formats.ts";
import { severalFiles } from "../weights/folder_files.ts";
import { inspectFile } from "./inspect_file.ts";
import { inspectFolder, isDiffusersFolder } from "./inspect_folder.ts";
import { planTeacher } from "./plan_teacher.ts";
import type { ModelReport } from "./model_report.ts";

/** Options of {@linkcode inspectModel}. */
export interface InspectOptions {
  /** Where models of the Hub are. Nothing is downloaded into its cache. */
  readonly hub?: HubModelOptions;
  /** Device of the memory plan. Default: a GPU that computes in float16. */
  readonly gpu?: Gpu;
}

/**
 * Reports what a model is: its family, networks, precision and tensors, and what Smalti can do with
 * it. Only configs and headers of weights are read, also from the Hub.
 *
 * @param location A safetensors file; a folder; a model of the Hugging Face Hub ("owner/name", or
 * "owner/name:file.safetensors"), which needs the network if it is not in the cache; or "mini".
 * @throws {SafetensorsError} If a file is no safetensors file; the message says what it is.
 * @throws {ModelFolderError} If a file cannot be read.
 * @throws {HubError} If the Hub cannot be reached or has no such repository.
 */
export async function inspectModel(
  location: string,
  options: InspectOptions = {},
): Promise<ModelReport> {
  const other = describeOtherFormat(location);
  if (other !== undefined) throw new ModelFolderError(location, `it is ${other}`);
  const { folder, file } = await locate(location, options);
  const device = defined({ gpu: options.gpu });
  if (file !== undefined) return await inspectFile(folder, file, location, device);
  const candidates = await listWeights(folder);
  // Configs beside a checkpoint in one file do not make its folder a pipeline.
  const isFile = candidates.length === 1 && !await folder.has("model_index.json") &&
    !await folder.has("config.json");
  if (!isFile && await isDiffusersFolder(folder)) {
    const report = await inspectFolder(folder, location);
    const isTeacher = report.isUsable && report.kind === "teacher";
    return isTeacher
      ? { ...report, memory: await planTeacher(folder, location, options.gpu) }
      : report;
  }
  if (candidates.length === 1) return await inspectFile(folder, candidates[0]!, location, device);
  throw new ModelFolderError(folder.location, describeCandidates(location, candidates));
}

interface Located {
  readonly folder: ModelFolder;
  /** The only file of interest; undefined for the folder. */
  readonly file?: string;
}

async function locate(location: string, options: InspectOptions): Promise<Located> {
  const { hub = {} } = options;
  if (isBuiltInTeacher(location)) {
    const url = new URL(import.meta.resolve(`../../assets/models/${location}/`));
    return { folder: openModelFolder(url) };
  }
  const isOfHub = /^[^:\\/]+\/[^:\\/]+:[^:]+\.safetensors$/.test(location);
  if (isOfHub) {
    const { folder, path } = parseLoraLocation(location);
    return { ...await openRepository(folder, { ...hub, file: path }), file: path };
  }
  const url = /^https?:/i.test(location) ? URL.parse(location) : null;
  if (url) return locateOnServer(url, hub);
  if (location.endsWith(".safetensors")) {
    return { folder: openModelFolder(dirname(location)), file: basename(location) };
  }
  const folder = openModelFolder(location);
  const isBare = !/[\\/@]/.test(location) && !hasShortName(location);
  // A folder without permission is not what the user means.
  const isThere = isBare || (mayRead(location) &&
    ((await listWeights(folder)).length > 0 || await isDiffusersFolder(folder)));
  if (isThere || parseModelId(location).type === "folder") return { folder };
  return await openRepository(location, hub);
}

/** Locates a file or folder on a server, of whose weights only the headers are read. */
function locateOnServer(url: URL, { fetch, signal, onNote, retry }: HubModelOptions): Located {
  const options = {
    headersOnly: true,
    cacheName: null,
    ...defined({ fetch, signal, onNote, idleTimeout: retry?.idleTimeout }),
  };
  if (!url.pathname.endsWith(".safetensors")) return { folder: openModelFolder(url, options) };
  // A query, such as a token, belongs to the file.
  const file = url.pathname.split("/").at(-1)! + url.search;
  return { folder: openModelFolder(new URL(".", url), options), file };
}

/** Opens a repository in the cache, or over the network. */
async function openRepository(id: string, hub: HubModelOptions): Promise<Located> {
  const reference = parseModelId(id);
  if (reference.type === "folder") {
    return { folder: openModelFolder(reference.location) };
  }
  try {
    return { folder: await openHubModel(id, { ...hub, download: false }) };
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
  }
  const { settings, fetch, retry, signal, onNote } = hub;
  const remote = await RemoteFolder.open(
    reference,
    defined({ settings, fetch, retry, signal, onNote }),
  );
  return { folder: remote };
}

/** Lists the weights in a folder; none if it cannot be listed. */
async function listWeights(folder: ModelFolder): Promise<string[]> {
  const names = await folder.list?.() ?? [];
  return names.filter((name) => name.endsWith(".safetensors"));
}

function describeCandidates(location: string, candidates: readonly string[]): string {
  if (candidates.length > 0) return severalFiles(location, candidates);
  return "expected a .safetensors file, owner/name on the Hub, or a folder with model_index.json, " +
    "config.json or one .safetensors file, but there is none of that name";
}
