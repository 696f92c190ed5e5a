/**
 * Prints the settings of the first config file of its arguments that exists, as JSON.
 *
 * The launcher runs it with the permission to read these files and nothing else, so that the file
 * of a stranger is not parsed with the launcher's own permissions.
 *
 * @module
 */
import { parseRunConfig } from "../../config/parse_run_config.ts";
import type { FileSettings } from "./permissions.ts";
import { toJson } from "../text/to_json.ts";

/** Maximum size of a config file, in bytes, as for the command. */
const MAX_BYTES = 2 ** 24;

function readFirst(paths: readonly string[]): FileSettings | null {
  for (const path of paths) {
    let text: string;
    try {
      const { isFile, size } = Deno.statSync(path);
      // The command itself says that it cannot read it.
      if (!isFile || size > MAX_BYTES) continue;
      text = Deno.readTextFileSync(path);
    } catch {
      continue;
    }
    return { path, settings: settingsIn(text, path) };
  }
  return null;
}

function settingsIn(text: string, path: string): Record<string, unknown> {
  try {
    const { values } = parseRunConfig(text, path);
    return Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  } catch {
    // The command itself says what is wrong with it.
    return {};
  }
}

if (import.meta.main) {
  const bytes = new TextEncoder().encode(toJson(readFirst(Deno.args)));
  for (let done = 0; done < bytes.length;) done += Deno.stdout.writeSync(bytes.subarray(done));
}
