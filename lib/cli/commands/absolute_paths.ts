import { resolve } from "node:path";
import { type ConfigKey, configKeys, valueIn } from "../../../config/config_keys.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { hasShortName, isBuiltInTeacher } from "../../hub/model_ids.ts";
import { splitList } from "../../text/split_list.ts";

/**
 * Makes the paths of inputs absolute, so that the config means the same files in any folder.
 *
 * Names of palettes, models of the Hub and URLs stay. A value is a path if there is such a file or
 * folder.
 */
export async function withAbsolutePaths(config: RunConfig): Promise<RunConfig> {
  const copy = structuredClone(config) as unknown as Record<string, unknown>;
  for (const key of configKeys()) {
    if (key.spec.isPath === undefined) continue;
    let section = copy;
    for (const name of key.names.slice(0, -1)) section = section[name] as typeof section;
    section[key.names.at(-1)!] = await absoluteValue(key, valueIn(config, key));
  }
  return copy as unknown as RunConfig;
}

async function absoluteValue(key: ConfigKey, value: unknown): Promise<unknown> {
  if (Array.isArray(value)) {
    return await Promise.all(value.map((item) => absoluteValue(key, item)));
  }
  if (typeof value !== "string") return value;
  if (key.spec.isPath !== "comma-separated") return await absolute(key, value);
  const items = await Promise.all(splitList(value).map((item) => absolute(key, item)));
  return items.join(",");
}

async function absolute(key: ConfigKey, value: string): Promise<string> {
  if (value === "" || isName(key, value)) return value;
  if (await exists(value)) return resolve(value);
  // A LoRA in a folder: "folder:file.safetensors".
  const [, folder, file] = /^(.+):([^:]+\.safetensors)$/.exec(value) ?? [];
  return folder !== undefined && await exists(folder) ? `${resolve(folder)}:${file}` : value;
}

/** Tells names from paths: a name has neither slash nor extension. */
function isName({ path }: ConfigKey, value: string): boolean {
  if (/^[a-z][a-z+.-]+:\/\//i.test(value)) return true;
  if (path === "image" || /[\\/]|\.\w+$/.test(value)) return false;
  return path === "generator.palette" || isBuiltInTeacher(value) || hasShortName(value);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
