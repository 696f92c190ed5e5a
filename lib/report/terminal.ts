import type { ColorDepth } from "../image/ansi_color.ts";
import { visibleText } from "../text/visible_text.ts";

/** A stream of text that may be a terminal. */
export interface Terminal {
  /** Whether it is a terminal, not a file or a pipe. */
  readonly isTerminal: boolean;
  /** Colors that it shows. */
  readonly depth: ColorDepth;
  /** Returns its width in characters. */
  columns(): number;
  /** Returns its height in lines. */
  lines(): number;
  /** Prints text that may come from strangers: control, escape and bidi characters are shown. */
  write(text: string): void;
  /** Prints text with our own escape sequences as it is. */
  draw(text: string): void;
}

/** What {@linkcode createTerminal} needs to know. */
export interface TerminalOptions extends Partial<Omit<Terminal, "write" | "draw">> {
  /** Prints text as it is. */
  print(text: string): void;
}

/** Creates a terminal. Default: no terminal, 80 x 24 characters, no color. */
export function createTerminal({ print, ...options }: TerminalOptions): Terminal {
  return {
    isTerminal: false,
    depth: "none",
    columns: () => 80,
    lines: () => 24,
    ...options,
    write: (text) => print(visibleText(text)),
    draw: print,
  };
}
