import { resolve } from "node:path";
import { type ConfigKey, configKeys, namesIn } from "../../../config/config_keys.ts";
import { CONFIG_KEYS } from "../../../config/run_config.ts";
import { HUB_VARIABLES, type HubSettings, resolveHubSettings } from "../../hub/settings.ts";
import { defined } from "../../text/defined.ts";
import { parseLoraLocation } from "../../lora/lora_names.ts";
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

/** Values by dotted key. */
type Values = ReadonlyMap<string, unknown>;

/** Keys whose model is loaded only with other settings, and what tells whether it is. */
const LOADED_IF: Readonly<Record<string, (values: Values) => boolean>> = {
  "controlnet.depth_model_id": (values) =>
    !isBuiltInTeacher(teacherOf(values)) &&
    [values.get("controlnet.models_id") ?? []].flat()
      .some((id) => controlnetKind(String(id)) === "depth"),
  "caption.blip_model_id": (values) => values.get("automatic_caption") === true,
};

/**
 * Tells whether settings name a model of the Hub: a value of a key with `isHubModel`, or the
 * default of one.
 *
 * @param settings Dotted keys and values, the last of a key last.
 * @param context.isFile Tells whether a file is there: a folder comes before a repository.
 * @param keys Keys of the config. Default: all.
 */
export function namesHub(
  settings: readonly (readonly [key: string, value: unknown])[],
  context: { readonly cwd: string; isFile(path: string): boolean },
  keys: readonly ConfigKey[] = configKeys(),
): boolean {
  const values: Values = new Map(settings);
  const isHub = (id: string) =>
    !isBuiltInTeacher(id) && (hasShortName(id) || /[\\/@]/.test(id)) && mayBeHubModel(id) &&
    !FOLDER_MARKS.some((mark) => context.isFile(resolve(context.cwd, id, mark)));
  const teacher = teacherOf(values);
  // A checkpoint in one file has no tokenizer: it may be in the cache.
  if (teacher.endsWith(".safetensors")) return true;
  // SDXL's short names have no meaning for the built-in teacher.
  const skipsShort = isBuiltInTeacher(teacher);
  return keys.some((key) => {
    if (!key.spec.isHubModel || LOADED_IF[key.path]?.(values) === false) return false;
    const value = values.has(key.path) ? values.get(key.path) : key.spec.default;
    const ids = namesIn(key.spec, value).map((name) => parseLoraLocation(name).folder);
    return ids.some((id) => isHub(id) && !(skipsShort && hasShortName(id)));
  });
}

function teacherOf(values: Values): string {
  return String(values.get("diffusion.model_id") ?? CONFIG_KEYS.diffusion.modelId.default);
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
