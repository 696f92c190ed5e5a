import { configKeys } from "./config_keys.ts";
import type { RunConfig } from "./run_config.ts";
import { writeYaml } from "./yaml_text.ts";

/**
 * Writes a complete config as YAML, with every key, so that it can be run again.
 *
 * `parseRunConfig` reads it back to the same values.
 */
export function writeRunConfig(config: RunConfig): string {
  const root: Record<string, unknown> = {};
  for (const { path, names } of configKeys()) {
    const keys = path.split(".");
    let section = root;
    for (const key of keys.slice(0, -1)) {
      section = (section[key] ??= {}) as Record<string, unknown>;
    }
    section[keys.at(-1)!] = names.reduce<unknown>(
      (value, name) => (value as Record<string, unknown>)[name],
      config,
    );
  }
  return writeYaml(root);
}
