import { visibleText } from "../../text/visible_text.ts";

/** An error as the user sees it. */
export interface ErrorText {
  /** One line: what failed, and the remedy if it is known. */
  readonly message: string;
  /** Exit code of the program: 2 for a wrong command line or config, else 1. */
  readonly code: number;
}

/** Describes an error in one line, or with its stack. */
export function describeError(error: unknown, debug: boolean): ErrorText {
  const code = error instanceof Error && ["UsageError", "ConfigError"].includes(error.name) ? 2 : 1;
  if (!(error instanceof Error)) return { message: String(error), code };
  if (debug) return { message: visibleText(stackOf(error)), code };
  return { message: visibleText(`${oneLine(error)}${fixOf(error)}`), code };
}

function oneLine(error: Error): string {
  const text = error.message.trim().replaceAll(/\s*\n\s*/g, " ");
  return text === "" ? error.name : text;
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
