import { basename, dirname, extname, join } from "node:path";
import type { ConfigSource } from "../../../config/config_source.ts";
import { parseRunConfig } from "../../../config/parse_run_config.ts";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { findCheckpoint } from "../../outputs/checkpoint_file.ts";
import { OutputError } from "../../files/output_error.ts";
import { readConfigText } from "../../files/read_file.ts";
import { configPaths } from "./command_paths.ts";
import { sourcesOfFlags } from "./config_from_flags.ts";
import { noEffectNotes } from "./flag_needs.ts";
import type { FlagsOf } from "./flag_table.ts";

/** What the command line and its config files ask for. */
export interface Request {
  /** The complete config. */
  readonly config: RunConfig;
  /** Notes on the config for the user, a sentence each. */
  readonly notes: readonly string[];
  /** Name of the config, for the run's folder. */
  readonly name: string;
  /** Folder of a resumed run; undefined for a new one. */
  readonly folder: string | undefined;
  /** Path of the checkpoint of a resumed run. */
  readonly checkpoint: string | undefined;
}

/**
 * Reads the config of a run: defaults, preset, config of a resumed run, config file, flags.
 *
 * @throws {ConfigError} If a key or value is wrong.
 * @throws {OutputError} If a file cannot be read.
 */
export async function readRequest(flags: FlagsOf<"generate">): Promise<Request> {
  // Errors of flags come before errors of files.
  const typed = sourcesOfFlags(flags);
  const sources: ConfigSource[] = [];
  const found = flags.resume === undefined ? undefined : await findCheckpoint(flags.resume);
  const folder = found && dirname(found.path);
  if (folder !== undefined) sources.push(await readSource(join(folder, "config.yaml")));
  if (flags.config !== undefined) sources.push(await readNamedSource(flags.config));
  sources.push(...typed);
  const { config, notes: configNotes } = resolveSources(sources);
  const notes = [...noEffectNotes(flags, config), ...configNotes];
  const name = flags.config === undefined
    ? config.preset
    : basename(flags.config, extname(flags.config));
  return { config, notes, name, folder, checkpoint: found?.path };
}

/** Reads a config at the first of its paths that exists. */
async function readNamedSource(path: string): Promise<ConfigSource> {
  const [first, second] = configPaths(path) as [string, string?];
  if (second === undefined) return await readSource(first);
  try {
    return await readSource(first);
  } catch (error) {
    if (!(error instanceof OutputError && error.cause instanceof Deno.errors.NotFound)) throw error;
    return await readSource(second).catch((inner) => {
      throw inner instanceof OutputError ? error : inner;
    });
  }
}

async function readSource(path: string): Promise<ConfigSource> {
  return parseRunConfig(await readConfigText(path), path);
}
