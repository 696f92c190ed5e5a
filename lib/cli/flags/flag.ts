/** Name of a command of the program. */
export type CommandName =
  | "generate"
  | "layers"
  | "video"
  | "palettes"
  | "pixelize"
  | "export"
  | "sheet"
  | "craft"
  | "verify"
  | "inspect"
  | "random-teacher"
  | "worker"
  | "queue"
  | "studio";

/** What a flag of `generate` may need. */
export type FlagNeed =
  | "input image"
  | "videos"
  | "several pictures"
  | "new run"
  | "given palette"
  | "limited colors"
  | "dithering"
  | "Hub"
  | "queue";

/** A flag of the command line. */
export interface Flag {
  /** Name, with dashes: "--input-image". Underscores ("--input_image") mean the same. */
  readonly name: `--${string}`;
  /** Other names, such as SD-piXL's "-npt". */
  readonly aliases?: readonly string[];
  /** Commands that take it. */
  readonly commands: readonly CommandName[];
  /** What its value is, for the help, such as "H,W". Undefined for a switch. */
  readonly value?: string;
  /** Whether it may be repeated: its values are a list. */
  readonly isList?: true;
  /** Whether an empty value means something. */
  readonly mayBeEmpty?: true;
  /**
   * Key of the config that gets the value, such as "generator.palette". The config's own table
   * tells whether it is a path.
   */
  readonly key?: string;
  /** Returns config values by dotted key, for a flag that is more than one key. */
  readonly settings?: (value: string) => Readonly<Record<string, unknown>>;
  /**
   * Whether the value is a path that is read, a folder that is written, or a file or folder that is
   * written; or the address of a queue or of a store. Flags with a key leave it to the config's
   * table.
   */
  readonly path?: "read" | "write" | "write-file" | "server" | "store";
  /** Text of `--help`; "{name}" stands for a list that the program fills in. Undefined hides it. */
  readonly help?: string;
  /** Without it, the flag has no effect, which a note tells. */
  readonly needs?: FlagNeed;
  /** Why the flag has no effect, for a flag of SD-piXL. */
  readonly noEffect?: string;
  /** Values of such a flag that ask for what is done anyway. */
  readonly neutral?: readonly string[];
}

/** Lists the values of a flag among parsed flags; a switch has the value true. */
export function valuesOf(flags: object, { name }: Flag): readonly (string | true)[] {
  const property = name.slice(2).replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const value = new Map<string, string | true | readonly string[]>(Object.entries(flags))
    .get(property);
  return value === undefined ? [] : [value].flat();
}

/** A positional argument of a command. */
export interface Argument {
  /** Name in the help. */
  readonly name: string;
  /** How many values it takes. */
  readonly count: "one" | "optional" | "many";
  /** Whether it is a path that is read, or a folder that is written. Default: it is no path. */
  readonly path?: "read" | "write";
  /** Text of `--help`. */
  readonly help: string;
}

/** A command of the program. */
export interface Command {
  /** Its name. */
  readonly name: CommandName;
  /** What it does, one sentence. */
  readonly help: string;
  /** Its arguments. */
  readonly arguments: readonly Argument[];
  /** Text below its flags in `--help`: notes and examples. */
  readonly notes: string;
}

/** The command line is wrong. */
export class UsageError extends TypeError {
  /** Name of the class, as it is printed. */
  override readonly name = "UsageError";
}
