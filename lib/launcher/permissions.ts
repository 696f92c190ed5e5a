import { dirname, join, resolve } from "node:path";
import { parseRunConfig, parseSettings, sourceOf } from "../../config/parse_run_config.ts";
import { layersFolder } from "../outputs/run_folder.ts";
import { videoTarget } from "../video/video_formats.ts";
import { splitLoraPaths } from "../lora/lora_names.ts";
import { type HubLocations, hubPermissions, namesHub } from "../cli/flags/hub_permissions.ts";
import { normalizeArguments } from "../cli/flags/normalize_arguments.ts";
import { elsewhereOf } from "../cli/flags/run_request.ts";

/** The commands that the launcher knows. */
export type Command =
  | "generate"
  | "layers"
  | "video"
  | "palettes"
  | "verify"
  | "random-teacher"
  | "bench-recipes"
  | "bench-steps"
  | "test"
  | "bench";

/** What the permissions of a command depend on besides its arguments. */
export interface PermissionContext {
  /** Folder of the project. */
  readonly root: string;
  /** Folder to which paths of the arguments are relative. */
  readonly cwd: string;
  /** Files that onnxruntime reads. */
  readonly runtimeFiles: readonly string[];
  /** The Deno that runs, for tests that start it. */
  readonly deno: string;
  /** Reads the text of a config file; undefined if it cannot be read. */
  readText(path: string): string | undefined;
  /** Finds out where the Hub and its files are. Default: it is not known. */
  findHub?(): HubLocations | undefined;
}

/** Flags and config keys whose value is a path that is read. */
const READ_FLAGS = new Set([
  "--input-image",
  "--palette",
  "--config",
  "--resume",
  "--model",
  "--judge",
  "--checkpoint",
  "--hex-path",
]);
const READ_KEYS = new Set([
  "image",
  "generator.palette",
  "diffusion.model_id",
  "diffusion.vae_id",
  "diffusion.clip_id",
  "controlnet.depth_model_id",
  "caption.blip_model_id",
]);
const DEFAULT_OUTPUT = "workdir";
const BENCH_OUTPUT = "workdir/bench";
/** Commands for which only what stands behind a flag is a path. */
const FLAGS_ONLY: readonly Command[] = [
  "generate",
  "random-teacher",
  "bench-recipes",
  "bench-steps",
];

/**
 * Lists the permissions that a command needs for its arguments, as flags of `deno run`.
 *
 * It reads the project, onnxruntime's file and what the user names, writes the output folder, and
 * asks the environment what the terminal can show.
 * There is no network unless the user names a URL, or a model of the Hub and `--download`.
 */
export function permissionsOf(
  command: Command,
  args: readonly string[],
  context: PermissionContext,
): string[] {
  const { root, cwd, runtimeFiles, deno } = context;
  const read = new Set([root, ...runtimeFiles]);
  const write = new Set<string>();
  const hosts = new Set<string>();
  const name = (value: string) => {
    const host = hostOf(value);
    if (host !== undefined) hosts.add(host);
    else if (value !== "") read.add(resolve(cwd, value));
  };
  if (command === "test" || command === "bench") {
    write.add(resolve(root, DEFAULT_OUTPUT));
    // `deno task test -u` writes snapshots anew.
    if (args.includes("-u")) write.add(resolve(root, "tests"));
    hosts.add("localhost").add("127.0.0.1").add("0.0.0.0");
    return [...flagsOf(read, write, hosts), ...flag("run", [deno])];
  }
  const normalized = normalizeArguments(args);
  for (const value of pathsOf(command, normalized)) name(value);
  for (const value of valuesOf(normalized, "--config")) name(configPath(value, context));
  const settings = settingsOf(normalized, context);
  for (const [key, value] of settings) {
    if (READ_KEYS.has(key)) name(String(value ?? ""));
    if (key === "diffusion.lora_path") splitLoraPaths(String(value ?? "")).forEach(name);
    // Kinds of ControlNets, such as "canny", are no places.
    if (key === "controlnet.models_id") {
      [value].flat().map(String).filter((id) => /[\\/]/.test(id)).forEach(name);
    }
  }
  for (const folder of outputsOf(command, normalized, { settings, cwd })) {
    read.add(folder);
    write.add(folder);
  }
  const env = ["COLORTERM", "TERM"];
  const sys: string[] = [];
  const isFile = (path: string) => context.readText(path) !== undefined;
  if (command === "generate" && namesHub(settings, { cwd, isFile })) {
    const hub = hubPermissions(context.findHub?.(), downloads(normalized));
    for (const path of hub.read) read.add(path);
    for (const path of hub.write) write.add(path);
    for (const host of hub.net) hosts.add(host);
    env.push(...hub.env);
    sys.push(...hub.sys);
  }
  const isNative = valuesOf(normalized, "--runtime").includes("native") ||
    settings.some(([key, value]) => key === "runtime" && value === "native");
  // onnxruntime-node is a library of machine code that lies among several files.
  if (isNative) {
    return [
      ...["--allow-read", ...flag("write", write), ...flag("net", hosts)],
      ...["--allow-ffi", "--allow-env", "--allow-sys"],
    ];
  }
  return [...flagsOf(read, write, hosts), ...flag("sys", sys), ...flag("env", env)];
}

/** Tells whether models may be downloaded. */
function downloads(args: readonly string[]): boolean {
  return ["--download", "--force-download"].some((name) => args.includes(name));
}

function flagsOf(read: Set<string>, write: Set<string>, hosts: Set<string>): string[] {
  return [...flag("read", read), ...flag("write", write), ...flag("net", hosts)];
}

/** Writes values as a flag of `deno run`. */
function flag(kind: string, values: Iterable<string>): string[] {
  const list = [...new Set([...values].map(permissiblePath))].join(",");
  return list === "" ? [] : [`--allow-${kind}=${list}`];
}

/**
 * Returns what is named to Deno to permit a path: itself, or the folder above a part with a comma.
 *
 * A comma separates paths, and Deno 2.9.6 has no way to write one that belongs to a path.
 */
export function permissiblePath(path: string): string {
  const comma = path.indexOf(",");
  return comma === -1 ? path : dirname(`${path.slice(0, comma)}_`);
}

/** Values of the flags that are paths, and all that stands alone. */
function pathsOf(command: Command, args: readonly string[]): string[] {
  const named = [...READ_FLAGS].flatMap((name) => valuesOf(args, name));
  if (FLAGS_ONLY.includes(command)) return named;
  return [...named, ...standingAlone(args)];
}

/** Flags of commands with arguments, whose values are no arguments. */
const VALUE_FLAGS =
  /^--(seed|controlnet|palette|output|factor|height|width|checkpoint|sort|hex-path|runtime|format|video-size|fps)$/;

/** Arguments that are no flags and no flags' values. */
function standingAlone(args: readonly string[]): string[] {
  return args.filter((argument, i) =>
    !argument.startsWith("-") && !VALUE_FLAGS.test(args[i - 1] ?? "")
  );
}

/** Returns all values of a flag, written as "--flag value" or "--flag=value". */
function valuesOf(args: readonly string[], name: string): string[] {
  return args.flatMap((argument, index) => {
    if (argument === name) return args[index + 1] === undefined ? [] : [args[index + 1]!];
    return argument.startsWith(`${name}=`) ? [argument.slice(name.length + 1)] : [];
  });
}

/** Keys and values of config files, that of a resumed run among them, of `--model` and `--set`. */
function settingsOf(args: readonly string[], context: PermissionContext): [string, unknown][] {
  const resumed = resumedFolders(args, context.cwd).map((folder) => join(folder, "config.yaml"));
  const named = valuesOf(args, "--config").map((path) => configPath(path, context));
  const files = [...resumed, ...named];
  const readers = [
    ...files.map((path) => () => parseRunConfig(context.readText(path) ?? "", path)),
    () => sourceOf(modelOf(args), () => "--model"),
    () => parseSettings(valuesOf(args, "--set")),
  ];
  return readers.flatMap((read) => {
    try {
      return [...read().values].map(([key, { value }]): [string, unknown] => [key, value]);
    } catch {
      // The command itself says what is wrong with it.
      return [];
    }
  });
}

/** The teacher that a flag names, as a config value. */
function modelOf(args: readonly string[]): Readonly<Record<string, unknown>> {
  const model = valuesOf(args, "--model").at(-1);
  return model === undefined ? {} : { "diffusion.model_id": model };
}

/** Path of a config, which may be in the folder "config". */
function configPath(path: string, { cwd, readText }: PermissionContext): string {
  const elsewhere = elsewhereOf(path);
  const isElsewhere = elsewhere !== undefined && readText(resolve(cwd, path)) === undefined &&
    readText(resolve(cwd, elsewhere)) !== undefined;
  return resolve(cwd, isElsewhere ? elsewhere : path);
}

/** Folders that a command writes. A resumed run also writes its own folder. */
function outputsOf(
  command: Command,
  args: readonly string[],
  { settings, cwd }: { settings: [string, unknown][]; cwd: string },
): string[] {
  if (command === "verify") return [];
  if (command === "random-teacher") {
    const folder = standingAlone(args)[1];
    return folder === undefined ? [] : [resolve(cwd, folder)];
  }
  if (command === "layers") {
    const source = standingAlone(args)[0] ?? valuesOf(args, "--checkpoint")[0];
    const output = valuesOf(args, "--output").at(-1) ?? (source && layersFolder(source));
    return output === undefined ? [] : [resolve(cwd, output)];
  }
  if (command === "video") {
    const source = standingAlone(args)[0];
    if (source === undefined) return [];
    return [resolve(cwd, videoTarget(source, valuesOf(args, "--output").at(-1)).folder)];
  }
  const set = settings.filter(([key]) => key === "output").map(([, value]) => String(value));
  const usual = command.startsWith("bench-") ? BENCH_OUTPUT : DEFAULT_OUTPUT;
  const last = [usual, ...set, ...valuesOf(args, "--output")].at(-1)!;
  return [resolve(cwd, last), ...resumedFolders(args, cwd)];
}

/** Folders of runs that go on, named by themselves or by a checkpoint in them. */
function resumedFolders(args: readonly string[], cwd: string): string[] {
  return valuesOf(args, "--resume")
    .map((path) => path.endsWith(".safetensors") ? resolve(cwd, path, "..") : resolve(cwd, path));
}

function hostOf(value: string): string | undefined {
  if (!/^https?:\/\//.test(value)) return undefined;
  try {
    return new URL(value).host;
  } catch {
    return undefined;
  }
}
