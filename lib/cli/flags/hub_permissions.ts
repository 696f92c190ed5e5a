import { resolve } from "node:path";
import { CONFIG_KEYS } from "../../../config/run_config.ts";
import { HUB_VARIABLES, type HubSettings, resolveHubSettings } from "../../hub/settings.ts";
import { defined } from "../../text/defined.ts";
import { parseLoraLocation, splitLoraPaths } from "../../lora/lora_names.ts";
import {
  controlnetKind,
  FOLDER_MARKS,
  hasShortName,
  isBuiltInTeacher,
  mayBeHubModel,
} from "../../hub/model_ids.ts";

/** The locations of the Hub that need permissions. */
export interface HubLocations extends Pick<HubSettings, "endpoint" | "cacheFolder"> {
  /** File with the access token, whether it exists or not. */
  readonly tokenFile?: string;
}

/** The permissions that models of the Hub need, by kind. */
export interface HubPermissions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly net: readonly string[];
  readonly sys: readonly string[];
  readonly env: readonly string[];
}

/** Keys of a config whose values may be models of the Hub. */
const HUB_KEYS = new Set([
  "diffusion.model_id",
  "diffusion.vae_id",
  "diffusion.clip_id",
  "diffusion.tokenizer_id",
  "diffusion.base_id",
  "controlnet.models_id",
]);

/** Hosts of files to which the Hub redirects. */
export const HUB_STORES = "*.hf.co";

/**
 * Returns the locations of the Hub; undefined if the environment does not tell.
 *
 * @param variable Returns an environment variable.
 */
export function findHubLocations(
  variable: (name: string) => string | undefined,
): HubLocations | undefined {
  let tokenFile: string | undefined;
  const readText = (path: string) => {
    tokenFile = path;
    return undefined;
  };
  try {
    const { endpoint, cacheFolder } = resolveHubSettings({ variable, readText });
    return { endpoint, cacheFolder, ...defined({ tokenFile }) };
  } catch {
    // The command itself says what is wrong with it.
    return undefined;
  }
}

/**
 * Tells whether settings name a model of the Hub.
 *
 * @param settings Dotted keys and values, the last of a key last.
 * @param context.isFile Tells whether a file is there: a folder comes before a repository.
 */
export function namesHub(
  settings: readonly (readonly [key: string, value: unknown])[],
  context: { readonly cwd: string; isFile(path: string): boolean },
): boolean {
  const values = new Map(settings);
  const isHub = (id: string) =>
    !isBuiltInTeacher(id) && (hasShortName(id) || /[\\/@]/.test(id)) && mayBeHubModel(id) &&
    !FOLDER_MARKS.some((mark) => context.isFile(resolve(context.cwd, id, mark)));
  const teacher = String(values.get("diffusion.model_id") ?? CONFIG_KEYS.diffusion.modelId.default);
  // A checkpoint in one file has no tokenizer: it may be in the cache.
  if (teacher.endsWith(".safetensors")) return true;
  const isBuiltIn = isBuiltInTeacher(teacher);
  const kinds = [values.get("controlnet.models_id") ?? []].flat();
  const seesDepth = !isBuiltIn && kinds.some((id) => controlnetKind(String(id)) === "depth");
  const depthModel = values.get("controlnet.depth_model_id") ??
    CONFIG_KEYS.controlnet.depthModelId.default;
  if (seesDepth && isHub(String(depthModel))) return true;
  const captions = values.get("automatic_caption") === true;
  if (captions && isHub(String(values.get("caption.blip_model_id") ?? ""))) return true;
  return [...values].some(([key, value]) => {
    if (key === "diffusion.lora_path") {
      return splitLoraPaths(String(value ?? ""))
        .some((path) => isHub(parseLoraLocation(path).folder));
    }
    if (!HUB_KEYS.has(key)) return false;
    const ids = (Array.isArray(value) ? value : [value])
      .map((id) => parseIdOrFile(String(id ?? "")));
    // Short names of ControlNets mean the teacher's own; SDXL's have no meaning for the built-in
    // one.
    const skipsShort = isBuiltIn || key === "controlnet.models_id";
    return ids.some((id) => isHub(id) && !(skipsShort && hasShortName(id)));
  });
}

/** Returns the folder of a file, or the id itself. */
function parseIdOrFile(id: string): string {
  return id.endsWith(".safetensors") ? parseLoraLocation(id).folder : id;
}

/**
 * Lists the permissions that models of the Hub need.
 *
 * Without downloads, only the cache is read. The host of the endpoint is permitted with all ports,
 * since a mirror may store files at another port.
 */
export function hubPermissions(
  locations: HubLocations | undefined,
  downloads: boolean,
): HubPermissions {
  const env = HUB_VARIABLES;
  if (!locations) return { read: [], write: [], net: [], sys: [], env };
  const { endpoint, cacheFolder, tokenFile } = locations;
  const read = [cacheFolder, ...tokenFile === undefined ? [] : [tokenFile]];
  if (!downloads) return { read, write: [], net: [], sys: [], env };
  const net = [new URL(endpoint).hostname, HUB_STORES];
  return { read, write: [cacheFolder], net, sys: ["statfs"], env };
}
