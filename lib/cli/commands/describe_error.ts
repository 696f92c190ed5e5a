import { UnknownPaletteError } from "../../palette/formats/find_palette.ts";
import { shorten, visibleText } from "../../text/visible_text.ts";

/** An error as the user sees it. */
export interface ErrorText {
  /** One line: what failed, and the remedy if it is known. */
  readonly message: string;
  /** Exit code of the program: {@linkcode WRONG_INPUT} or {@linkcode FAILED}. */
  readonly code: number;
}

/** Exit code if the command line or a config is wrong: a flag, key, value or name. */
export const WRONG_INPUT = 2;

/** Exit code if the work failed: a file, a model, the network, the GPU. */
export const FAILED = 1;

/** Names of the errors of {@linkcode WRONG_INPUT}. */
const WRONG_INPUT_ERRORS: readonly string[] = [
  "UsageError",
  "ConfigError",
  "UnknownModelError",
  "WrongInputError",
  "AddressError",
];

/** Describes an error in one line, or with its stack. */
export function describeError(error: unknown, debug: boolean): ErrorText {
  const code = isWrongInput(error) ? WRONG_INPUT : FAILED;
  if (!(error instanceof Error)) return { message: visibleText(shorten(String(error))), code };
  if (debug) return { message: visibleText(stackOf(error)), code };
  return { message: visibleText(shorten(`${oneLine(error)}${fixOf(error)}`)), code };
}

function isWrongInput(error: unknown): boolean {
  if (error instanceof UnknownPaletteError) return !error.isPath;
  return error instanceof Error && WRONG_INPUT_ERRORS.includes(error.name);
}

/** How the library names the permission of Deno that is missing, at the end of a message. */
const DENO_FLAGS =
  /(?:no permission; |permission is needed(?: for the cache)?, )?\(?run (?:again )?with --allow-(\w+).*$/s;

/** The remedy for users of a task, by the missing permission. The task sets permissions itself. */
const REMEDIES: Readonly<Record<string, string>> = {
  read: "name the file or folder by its flag on the command line",
  write: "choose another folder with --output",
  net: "type the model and --download on the command line",
  env: "type the model on the command line",
  ffi: "type --runtime native on the command line",
};

function oneLine(error: Error): string {
  const text = error.message.trim().replaceAll(/\s*\n\s*/g, " ");
  if (text === "") return error.name;
  return text.replace(DENO_FLAGS, (flags, first: string) => {
    const kind = error.name === "HubError"
      ? "net"
      : flags.includes("--allow-write")
      ? "write"
      : first;
    return `no permission; ${REMEDIES[kind] ?? flags}`;
  });
}

function fixOf(error: Error): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "; name the file or folder by its flag on the command line, so that it is permitted";
  }
  if (error.name === "UsageError") return "; see --help";
  // Our errors have a name or say "Cannot …"; any other is unexpected.
  const isUnexpected = /^(Error|TypeError|RangeError|ReferenceError)$/.test(error.name) &&
    !error.message.startsWith("Cannot ");
  return isUnexpected ? "; run again with --debug to see where" : "";
}

function stackOf(error: Error): string {
  const cause = error.cause === undefined
    ? ""
    : `\ncaused by ${error.cause instanceof Error ? stackOf(error.cause) : String(error.cause)}`;
  return `${error.stack ?? String(error)}${cause}`;
}
