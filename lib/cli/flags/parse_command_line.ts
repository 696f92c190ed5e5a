import { Command, CommanderError, Option } from "npm:@commander-js/extra-typings@15.1.0";
import { COMMANDS } from "./command_table.ts";
import { type Argument, type CommandName, type Flag, UsageError, valuesOf } from "./flag.ts";
import { type FlagsOf, flagsOf } from "./flag_table.ts";

/** A command line that was read. */
export type ParsedCommand = {
  readonly [Name in CommandName]: {
    /** Name of the command. */
    readonly command: Name;
    /** Its positional arguments. */
    readonly args: readonly string[];
    /** Its flags. */
    readonly flags: FlagsOf<Name>;
  };
}[CommandName];

/** Options of {@linkcode parseCommandLine}. */
export interface ParseOptions {
  /** Prints the text of `--help`, which ends with a line end. Default: it is not printed. */
  print?(text: string): void;
  /** Columns of the terminal. Default: 80. */
  readonly columns?: number;
  /** Lists that the help shows, by name, such as "video formats". Default: none. */
  readonly lists?: Readonly<Record<string, string>>;
}

/**
 * Reads the arguments of the program. It is the only parser of flags: the program runs what it
 * returns, and the launcher grants permissions for what it returns.
 *
 * @param args Arguments as typed, the command first, in any spelling that SD-piXL's users know.
 * @returns undefined if help was asked for, and printed.
 * @throws {UsageError} If a command, flag or argument is unknown or missing, with the nearest name.
 */
export function parseCommandLine(
  args: readonly string[],
  options: ParseOptions = {},
): ParsedCommand | undefined {
  let parsed: ParsedCommand | undefined;
  const program = buildProgram(options, (command) => void (parsed = command));
  const [name, ...rest] = args;
  const command = COMMANDS.find((one) => one.name === name);
  const attached = command ? [command.name, ...attachValues(rest, flagsOf(command.name))] : args;
  try {
    program.parse(attached, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    // Without a command, the help has been printed.
    if (error.code === "commander.help") throw new UsageError("Cannot run: expected a command");
    const hint = error.code === "commander.excessArguments" && command
      ? explainFlagAsValue(rest, flagsOf(command.name))
      : undefined;
    throw new UsageError(hint ?? explain(error.message), { cause: error });
  }
  return parsed;
}

/** "error: unknown option '--promt'\n(Did you mean --prompt?)" in our style. */
function explain(message: string): string {
  const plain = message.replace(/^error: /, "").replaceAll("'", '"').trim()
    .replace(/\s*\n\((Did you mean)/, "; did you mean").replace(/\)$/, "").replace(/\.$/, "");
  return `Cannot read the command line: ${plain}`;
}

/**
 * Gives each flag its one spelling and attaches its value: `-pt a` becomes `--prompt=a`.
 *
 * An attached value is never taken for a flag, whatever it looks like. SD-piXL's
 * `-update "a.b=1 c.d=2"` becomes `--set=a.b=1 --set=c.d=2`. Everything after "--" stays.
 *
 * @param flags Flags of the command.
 */
export function attachValues(
  args: readonly string[],
  flags: readonly Pick<Flag, "name" | "aliases" | "value">[],
): string[] {
  const rest = [...args];
  const attached: string[] = [];
  while (rest.length > 0 && rest[0] !== "--") {
    const argument = rest.shift()!;
    const [, name = "", value] = /^(--?[A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument) ?? [];
    const spelled = name.startsWith("--") ? name.replaceAll("_", "-") : name;
    const flag = flags.find((one) => one.name === spelled || one.aliases?.includes(spelled));
    if (spelled === "--update" || spelled === "-update") {
      attached.push(...takeUpdates(value ?? rest.shift() ?? "", rest));
    } else if (flag === undefined) {
      attached.push(argument);
    } else if (flag.value === undefined || (value === undefined && rest.length === 0)) {
      attached.push(value === undefined ? flag.name : `${flag.name}=${value}`);
    } else {
      attached.push(`${flag.name}=${value ?? rest.shift()!}`);
    }
  }
  return [...attached, ...rest];
}

/** Explains `--prompt -pt cat`: the value is "-pt", so "cat" is left over. */
function explainFlagAsValue(args: readonly string[], flags: readonly Flag[]): string | undefined {
  const find = (typed: string) => {
    const name = typed.startsWith("--") ? typed.replaceAll("_", "-") : typed;
    return flags.find((flag) => flag.name === name || flag.aliases?.includes(name));
  };
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < own.length; i++) {
    const flag = find(own[i]!);
    if (flag?.value === undefined) continue;
    const value = own[++i];
    if (value === undefined || find(value) === undefined) continue;
    return `Cannot read the command line: expected <${flag.value}> after ${own[i - 1]}, got the ` +
      `flag "${value}"`;
  }
  return undefined;
}

/** Splits a list of settings, and takes those that follow it unquoted. */
function takeUpdates(list: string, rest: string[]): string[] {
  const lists = [list];
  while (/^[\w.]+=/.test(rest[0] ?? "")) lists.push(rest.shift()!);
  const items = lists.flatMap((text) => text.trim().split(/\s+(?=[\w.]+=)/));
  return items.filter((item) => item !== "").map((item) => `--set=${item}`);
}

/** Tells whether a switch was typed, also on a command line that cannot be read. */
export function hasSwitch([name, ...rest]: readonly string[], flag: Flag["name"]): boolean {
  const command = COMMANDS.find((one) => one.name === name);
  return command !== undefined && attachValues(rest, flagsOf(command.name)).includes(flag);
}

function buildProgram(
  { print = () => {}, columns = 80, lists = {} }: ParseOptions,
  onParsed: (parsed: ParsedCommand) => void,
): Command {
  const program = new Command("deno task")
    .description("Smalti turns a prompt, a size and a palette into pixel art.")
    .exitOverride()
    .helpCommand(false)
    .configureHelp({ helpWidth: Math.min(100, columns), showGlobalOptions: false })
    .configureOutput({
      writeOut: print,
      writeErr: print,
      // The error is printed once, where the program ends.
      outputError: () => undefined,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  for (const { name, help, arguments: positional, notes } of COMMANDS) {
    const command = program.command(name).description(help).addHelpText("after", notes);
    for (const argument of positional) command.argument(placeholderOf(argument), argument.help);
    for (const flag of flagsOf(name)) command.addOption(optionOf(flag, lists));
    command.action((...values: unknown[]) => {
      const args = values.slice(0, positional.length).flat().filter((value) => value !== undefined);
      const flags = values[positional.length] as FlagsOf<CommandName>;
      checkValues(name, args, flags);
      onParsed({ command: name, args, flags } as unknown as ParsedCommand);
    });
  }
  return program;
}

function placeholderOf({ name, count }: Argument): string {
  return { one: `<${name}>`, optional: `[${name}]`, many: `[${name}...]` }[count];
}

function optionOf({ name, value, isList, help }: Flag, lists: ParseOptions["lists"] & object) {
  const text = help?.replaceAll(/\{([^}]*)\}/g, (_, list: string) => lists[list] ?? list) ?? "";
  const option = new Option(value === undefined ? name : `${name} <${value}>`, text)
    .hideHelp(help === undefined);
  // "--no-antialias" is a switch of this name, not the negation of "--antialias".
  option.negate = false;
  if (isList) {
    option.argParser((one: string, before: readonly string[] = []) => [...before, one]);
  }
  return option;
}

/** Refuses values that are empty: as a path they would mean the working folder. */
function checkValues(name: CommandName, args: unknown[], flags: FlagsOf<CommandName>): void {
  if (args.includes("")) {
    throw new UsageError("Cannot read the command line: expected a name or path, got an empty one");
  }
  for (const flag of flagsOf(name)) {
    if (flag.mayBeEmpty || !valuesOf(flags, flag).includes("")) continue;
    throw new UsageError(
      `Cannot read the command line: expected <${flag.value}> after ${flag.name}, got an empty value`,
    );
  }
}
