import { basename, dirname, extname, join } from "node:path";
import type { ConfigSource } from "../../../config/config_source.ts";
import { parseRunConfig } from "../../../config/parse_run_config.ts";
import { resolveSources } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { findCheckpoint } from "../../outputs/checkpoint_file.ts";
import { OutputError } from "../../files/output_error.ts";
import type { GenerateFlags } from "./command_flags.ts";
import { sourcesOfFlags } from "./config_from_flags.ts";
import { namesHub } from "./hub_permissions.ts";
import { sdPixlNotes } from "./sd_pixl_flags.ts";

/** What the command line and its files ask for. */
export interface Request {
  /** The complete config. */
  readonly config: RunConfig;
  /** What the user should know of it. */
  readonly notes: readonly string[];
  /** Name of the config, for the run's folder. */
  readonly name: string;
  /** Folder of a run that goes on; undefined for a new one. */
  readonly folder: string | undefined;
  /** Path of the checkpoint from which it goes on. */
  readonly checkpoint: string | undefined;
}

/**
 * Reads the config of a run: defaults, preset, the config of a run that goes on, file, flags.
 *
 * @throws {ConfigError} If a key or value is wrong.
 * @throws {OutputError} If a file cannot be read.
 */
export async function readRequest(flags: GenerateFlags): Promise<Request> {
  const layers: ConfigSource[] = [];
  const found = flags.resume === undefined ? undefined : await findCheckpoint(flags.resume);
  const folder = found && dirname(found.path);
  if (folder !== undefined) layers.push(await readLayer(join(folder, "config.yaml")));
  if (flags.config !== undefined) layers.push(await readNamedSource(flags.config));
  layers.push(...sourcesOfFlags(flags));
  const { config, notes: configNotes } = resolveSources(layers);
  const notes = [
    ...sdPixlNotes(flags.sdPixl ?? {}),
    ...downloadNotes(flags, config),
    ...configNotes,
  ];
  const name = flags.config === undefined
    ? config.preset
    : basename(flags.config, extname(flags.config));
  return { config, notes, name, folder, checkpoint: found?.path };
}

function downloadNotes(
  { download, forceDownload }: GenerateFlags,
  { diffusion, controlnet }: RunConfig,
): string[] {
  const settings = [
    ["diffusion.model_id", diffusion.modelId],
    ["diffusion.vae_id", diffusion.vaeId],
    ["diffusion.lora_path", diffusion.loraPath],
    ["controlnet.models_id", controlnet.modelsId],
  ] as const;
  if (namesHub(settings, { cwd: ".", isFile: () => false })) return [];
  return [download && "--download", forceDownload && "--force-download"]
    .filter((flag) => flag !== undefined)
    .map((flag) => `"${flag}" has no effect: nothing that is named comes from the Hub`);
}

/** Reads a config; a bare name also means one in the folder "config", as in SD-piXL. */
async function readNamedSource(path: string): Promise<ConfigSource> {
  const elsewhere = elsewhereOf(path);
  if (elsewhere === undefined) return await readLayer(path);
  try {
    return await readLayer(path);
  } catch (error) {
    if (!(error instanceof OutputError && error.cause instanceof Deno.errors.NotFound)) throw error;
    return await readLayer(elsewhere).catch((inner) => {
      throw inner instanceof OutputError ? error : inner;
    });
  }
}

/** Where a config may be besides its path; undefined if the path tells a folder. */
export function elsewhereOf(path: string): string | undefined {
  return /[\\/]/.test(path) ? undefined : join("config", path);
}

async function readLayer(path: string): Promise<ConfigSource> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw OutputError.from("read", path, cause);
  }
  return parseRunConfig(text, path);
}
