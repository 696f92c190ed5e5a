import { configKeys, valueIn } from "./config_keys.ts";
import type { RunConfig } from "./run_config.ts";
import { writeYaml } from "./yaml_text.ts";

/**
 * Writes a complete config as YAML, with every key, so that the run can be repeated.
 *
 * `parseRunConfig` reads the same values from it.
 */
export function writeRunConfig(config: RunConfig): string {
  return writeYaml(runConfigTree(config));
}

/** Returns a complete config in its sections, by the names of YAML. */
export function runConfigTree(config: RunConfig): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const key of configKeys()) {
    const names = key.path.split(".");
    let section = root;
    for (const name of names.slice(0, -1)) {
      section = (section[name] ??= {}) as Record<string, unknown>;
    }
    section[names.at(-1)!] = valueIn(config, key);
  }
  return root;
}
