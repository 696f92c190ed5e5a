import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { type ConfigKey, configKeys, namesIn } from "../../config/config_keys.ts";
import { COMMANDS } from "../cli/flags/command_table.ts";
import { flagOfKey, sourcesOfFlags } from "../cli/flags/config_from_flags.ts";
import { configPaths, layersFolder, resumedFolder } from "../cli/flags/command_paths.ts";
import { type Flag, valuesOf } from "../cli/flags/flag.ts";
import { type FlagsOf, flagsOf } from "../cli/flags/flag_table.ts";
import { isFrameImage, splitFrames } from "../cli/flags/frame_list.ts";
import {
  HUB_STORES,
  type HubLocations,
  hubPermissions,
  namesHub,
} from "../cli/flags/hub_permissions.ts";
import { isLospecName, LOSPEC_ENDPOINT, LOSPEC_FOLDER } from "../text/lospec_name.ts";
import { parseLoraLocation } from "../lora/lora_names.ts";
import { CONFIGS_BESIDE, TOKENIZERS_BESIDE } from "../single_file/files_beside.ts";
import { parsePort } from "../cli/flags/parse_values.ts";
import { parseBucketAddress, STORE_VARIABLES } from "../queue/bucket_address.ts";
import {
  CLIENT_VARIABLES,
  parseServerAddress,
  PASSWORD_VARIABLE,
} from "../queue/server_address.ts";
import type { ParsedCommand } from "../cli/flags/parse_command_line.ts";
import { Grants, hostOf, RefusedError } from "./grants.ts";

/** Settings of a config file, by dotted key. */
export interface FileSettings {
  /** Absolute path of the file. */
  readonly path: string;
  /** Its values; empty if it cannot be parsed. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The facts besides the arguments on which permissions depend. */
export interface PermissionContext {
  /** Folder of the project. */
  readonly root: string;
  /** Folder to which paths of the arguments are relative. */
  readonly cwd: string;
  /** Files that onnxruntime reads. */
  readonly runtimeFiles: readonly string[];
  /** Files of packages that the page of the studio loads. Default: none. */
  readonly pageFiles?: readonly string[];
  /** Reads the first config file of several paths that exists; undefined if there is none. */
  readConfig(paths: readonly string[]): FileSettings | undefined;
  /** Tells whether a file exists, as far as the launcher may know. */
  isFile(path: string): boolean;
  /** Finds out where the Hub and its files are; undefined if the environment does not tell. */
  findHub(): HubLocations | undefined;
  /** Keys of the config, whose specs tell what is read. Default: all. */
  readonly keys?: readonly ConfigKey[];
}

const DEFAULT_OUTPUT = "workdir";

/**
 * Lists the permissions of a command, as flags of `deno run`.
 *
 * A command reads the project, onnxruntime's file and the inputs that the user named, and writes
 * its output folder. It has no network, unless the user typed a URL, or a model of the Hub together
 * with `--download`. It loads machine code only after `--runtime native`.
 *
 * Values of flags are never taken for flags: this gets what the program's own parser read. A config
 * file may name inputs below the project, the working folder and its own folder, and an output
 * below the working folder, none of them hidden. Anything else must be typed.
 *
 * @throws {RefusedError} If a config file asks for more, with the flags to type; or if a path or
 * host cannot be permitted alone.
 * @throws {ConfigError} If a flag has a wrong value.
 */
export function permissionsOf(parsed: ParsedCommand, context: PermissionContext): string[] {
  const grants = new Grants(context.cwd);
  grants.read(context.root);
  for (const file of context.runtimeFiles) grants.read(file);
  grants.env("COLORTERM", "TERM");
  grantNamed(grants, parsed);
  grantLospec(grants, parsed);
  switch (parsed.command) {
    case "generate":
      grantRun(grants, parsed.flags, context);
      break;
    case "layers": {
      const source = parsed.args[0] ?? parsed.flags.checkpoint;
      if (parsed.flags.output === undefined && source) grants.write(layersFolder(source));
      break;
    }
    case "video":
      if (parsed.flags.output === undefined) grants.write(parsed.args[0]!);
      break;
    case "palettes":
    case "pixelize":
    case "export":
    case "sheet":
    case "craft":
      if (parsed.flags.output === undefined) grants.write(DEFAULT_OUTPUT);
      break;
    case "queue":
      // Loading the clients reads them, also if the address is missing.
      grants.env(...CLIENT_VARIABLES);
      break;
    case "worker":
      grants.env(...CLIENT_VARIABLES);
      grantWorker(grants, parsed.flags, context);
      break;
    case "studio":
      grantRun(grants, parsed.flags, context);
      // The page is served on this machine only.
      grants.net(`127.0.0.1:${parsePort(parsed.flags.port)}`);
      for (const file of context.pageFiles ?? []) grants.read(file);
      break;
    case "inspect":
      grantInspection(grants, parsed.args[0]!, context);
      break;
    case "verify":
      if (parsed.flags.runtime === "native") grants.allowNative();
  }
  return grants.toFlags();
}

/**
 * Grants what an inspection reads: the file with the configs beside it, the folder, or the Hub. A
 * typed repository is read over the network: only headers are read, and nothing is kept.
 */
function grantInspection(grants: Grants, location: string, context: PermissionContext): void {
  const host = hostOf(location);
  if (host !== undefined) {
    grants.net(host);
    // The Hub redirects to its file stores.
    const hub = hubPermissions(context.findHub(), true).net;
    if (hub.includes(host)) { for (const store of hub) grants.net(store); }
    return;
  }
  const { folder } = parseLoraLocation(location);
  if (!namesHub([["diffusion.model_id", folder]], context)) {
    grants.read(location);
    if (location.endsWith(".safetensors")) grantBeside(grants, location);
    return;
  }
  // A folder of that name takes precedence.
  grants.read(location);
  const { read, net, env } = hubPermissions(context.findHub(), true);
  for (const path of read) grants.read(path);
  for (const host of net) grants.net(host);
  grants.env(...env);
}

/** Grants the configs and the tokenizers beside a checkpoint in one file. */
function grantBeside(grants: Grants, file: string): void {
  if (hostOf(file) !== undefined) return;
  for (const path of [...CONFIGS_BESIDE, ...TOKENIZERS_BESIDE]) {
    grants.read(join(dirname(file), path));
  }
}

/** Grants what palettes of Lospec need: the folder of kept ones, and downloads if typed. */
function grantLospec(grants: Grants, { command, args, flags }: ParsedCommand): void {
  const named = command === "palettes"
    ? args
    : command === "generate" || command === "pixelize"
    ? [flags.palette ?? []].flat()
    : [];
  if (!named.some(isLospecName)) return;
  grants.read(LOSPEC_FOLDER);
  if (!("download" in flags && flags.download)) return;
  grants.write(LOSPEC_FOLDER);
  grants.net(new URL(LOSPEC_ENDPOINT).host);
}

/** Grants the paths that the tables of flags and arguments tell. */
function grantNamed(grants: Grants, { command, args, flags }: ParsedCommand): void {
  const positional = COMMANDS.find(({ name }) => name === command)!.arguments;
  for (const [i, { count, path }] of positional.entries()) {
    const values = count === "many" ? args.slice(i) : args.slice(i, i + 1);
    for (const value of values) grantPath(grants, path, value);
  }
  for (const flag of flagsOf(command)) {
    for (const value of valuesOf(flags, flag)) grantPath(grants, flag.path, String(value));
  }
}

function grantPath(grants: Grants, path: Flag["path"], value: string): void {
  if (path === "read") grants.readNamed(value);
  if (path === "write") grants.write(value);
  if (path === "server") grantServer(grants, value);
  if (path === "store") grantStore(grants, value);
  // A path with an extension may be a file.
  if (path === "write-file") grants.write(/\.\w+$/.test(value) ? dirname(value) : value);
}

/** Grants the server of a queue, and what its clients read from the environment. */
function grantServer(grants: Grants, value: string): void {
  const { host, port } = parseServerAddress(value);
  grants.net(`${host}:${port}`);
  grants.env(PASSWORD_VARIABLE, ...CLIENT_VARIABLES);
}

/** Grants the store of a queue's results: a folder, or the host of a bucket. */
function grantStore(grants: Grants, value: string): void {
  const host = parseBucketAddress(value)?.host;
  if (host === undefined) return grants.write(value);
  grants.net(host);
  grants.env(...STORE_VARIABLES);
}

/** Grants what a worker needs besides the paths of its flags. */
function grantWorker(grants: Grants, flags: FlagsOf<"worker">, context: PermissionContext): void {
  if (flags.output === undefined) grants.write(DEFAULT_OUTPUT);
  if (flags.runtime === "native") grants.allowNative();
  const models = flags.model ?? [];
  for (const model of models) if (model.endsWith(".safetensors")) grantBeside(grants, model);
  if (models.some((model) => namesHub([["diffusion.model_id", model]], context))) {
    grantHubFiles(grants, flags.download ?? false, context);
  }
}

/** A value of the config, and the file that sets it; undefined for what was typed. */
interface Setting {
  readonly value: unknown;
  readonly file: string | undefined;
}

function grantRun(grants: Grants, flags: FlagsOf<"generate">, context: PermissionContext): void {
  const { settings, folder } = settingsOf(grants, flags, context);
  for (const palette of flags.palette ?? []) grants.readNamed(palette);
  for (const frame of splitFrames(flags.frames ?? "")) {
    if (isFrameImage(frame)) grants.read(frame);
  }
  const refused = new Map<string, Setting>();
  for (const { path, spec } of context.keys ?? configKeys()) {
    const setting = settings.get(path);
    for (const name of namesIn(spec, setting?.value)) {
      if (!mayName(name, setting!, context)) {
        refused.set(path, setting!);
        continue;
      }
      grants.readNamed(name);
      if (spec.isCheckpoint && name.endsWith(".safetensors")) grantBeside(grants, name);
    }
  }
  const output = settings.get("output") ?? { value: DEFAULT_OUTPUT, file: undefined };
  // A resumed run writes its own folder.
  if (folder === undefined || flags.output !== undefined) {
    if (mayWrite(output, context)) grants.write(String(output.value));
    else refused.set("output", output);
  }
  const runtime = settings.get("runtime");
  if (runtime?.value === "native") {
    if (runtime.file === undefined) grants.allowNative();
    else refused.set("runtime", runtime);
  }
  if (refused.size > 0) throw refusal(refused);
  grantHub(grants, flags, settings, context);
}

/** Says which flags permit what config files ask for. */
function refusal(refused: ReadonlyMap<string, Setting>): RefusedError {
  const files = new Set([...refused.values()].map(({ file }) => `"${file}"`));
  const flags = [...refused].map(([key, { value }]) => flagOfKey(key, value));
  return new RefusedError(
    `Cannot permit what ${
      [...files].join(" and ")
    } asks for unless it is typed; if you trust the ` +
      `file, add ${flags.join(" ")}`,
  );
}

/** Collects the settings of config files and flags; later ones win. */
function settingsOf(grants: Grants, flags: FlagsOf<"generate">, context: PermissionContext) {
  const settings = new Map<string, Setting>();
  const folder = flags.resume === undefined ? undefined : resumedFolder(flags.resume);
  const paths = [
    ...folder === undefined ? [] : [[`${folder}/config.yaml`]],
    ...flags.config === undefined ? [] : [configPaths(flags.config)],
  ];
  if (folder !== undefined) grants.write(folder);
  for (const candidates of paths) {
    const found = context.readConfig(candidates.map((path) => resolve(context.cwd, path)));
    if (found === undefined) continue;
    grants.read(found.path);
    for (const [key, value] of Object.entries(found.settings)) {
      settings.set(key, { value, file: found.path });
    }
  }
  for (const source of sourcesOfFlags(flags)) {
    for (const [key, { value }] of source.values) settings.set(key, { value, file: undefined });
  }
  return { settings, folder };
}

/** Tells whether an input is permitted: it was typed, or it is no URL and lies nearby. */
function mayName(name: string, { file }: Setting, { root, cwd }: PermissionContext): boolean {
  if (file === undefined) return true;
  if (hostOf(name) !== undefined) return false;
  const path = resolve(cwd, name);
  return [root, cwd, dirname(file)].some((folder) => path === folder || isBelow(path, folder));
}

/** Tells whether an output is permitted: it was typed, or it lies below the working folder. */
function mayWrite({ value, file }: Setting, { cwd }: PermissionContext): boolean {
  const path = String(value);
  if (path.trim() === "") {
    throw new RefusedError("Cannot write to an empty path: expected a folder for output");
  }
  return file === undefined || isBelow(resolve(cwd, path), cwd);
}

/** Tells whether a path lies below a folder, in no hidden one such as ".ssh". */
function isBelow(path: string, folder: string): boolean {
  const between = relative(folder, path);
  return between !== "" && !isAbsolute(between) && !/(^|[\\/])\./.test(between);
}

/** Grants what models of the Hub need: their cache, and downloads if they are typed. */
function grantHub(
  grants: Grants,
  flags: FlagsOf<"generate">,
  settings: ReadonlyMap<string, Setting>,
  context: PermissionContext,
): void {
  const values = [...settings].map(([key, { value }]) => [key, value] as const);
  if (!namesHub(values, context, context.keys)) return;
  grantHubFiles(grants, flags.download ?? flags.forceDownload ?? false, context);
}

function grantHubFiles(grants: Grants, downloads: boolean, context: PermissionContext): void {
  const hub = hubPermissions(context.findHub(), downloads);
  for (const path of hub.read) grants.read(path);
  for (const path of hub.write) grants.writeOnly(path);
  for (const host of hub.net) {
    if (host === HUB_STORES) grants.net(host);
    else grants.readNamed(`https://${host}`);
  }
  grants.env(...hub.env);
  grants.sys(...hub.sys);
}
