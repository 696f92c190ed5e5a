import type { Rgb } from "./image.ts";

/** Color depth of a terminal: none, the 256 colors of xterm, or 24 bits. */
export type ColorDepth = "none" | "256" | "truecolor";

/** Properties of a terminal. */
export interface TerminalTraits {
  /** Whether the output is a terminal, not a file or a pipe. */
  readonly isTerminal: boolean;
  /** Whether the user asked for no color. Source: https://no-color.org. */
  readonly noColor?: boolean;
  /** The environment variable COLORTERM, if it may be read. */
  readonly colorterm?: string | undefined;
  /** The environment variable TERM, if it may be read. */
  readonly term?: string | undefined;
}

/**
 * Chooses the color depth for a terminal.
 *
 * An unknown terminal gets 24 bits: all common terminals show them.
 */
export function colorDepth(traits: TerminalTraits): ColorDepth {
  const { isTerminal, noColor = false, colorterm, term } = traits;
  if (!isTerminal || noColor || term === "dumb") return "none";
  if (/truecolor|24bit/i.test(colorterm ?? "")) return "truecolor";
  // Without COLORTERM, these may pass on only 256 colors.
  if (/^(screen|tmux|rxvt|linux)/.test(term ?? "")) return "256";
  return term === undefined || /direct|kitty|ghostty|alacritty|wezterm/.test(term)
    ? "truecolor"
    : "256";
}

/** The sequence that resets all colors. */
export const ANSI_RESET = "\x1b[0m";

/** Returns the sequence that sets the foreground or background color of the text behind it. */
export function ansiColor(
  color: Rgb,
  layer: "foreground" | "background",
  depth: Exclude<ColorDepth, "none">,
): string {
  const code = layer === "foreground" ? 38 : 48;
  if (depth === "truecolor") return `\x1b[${code};2;${color.join(";")}m`;
  return `\x1b[${code};5;${xtermIndex(color)}m`;
}

// The six steps of the xterm color cube.
const CUBE_STEPS = [0, 95, 135, 175, 215, 255] as const;

/** Finds the nearest of xterm's colors 16 to 255: a cube of 6 x 6 x 6 and 24 grays. */
export function xtermIndex(color: Rgb): number {
  const steps = color.map((value) => nearestStep(value, CUBE_STEPS)) as [number, number, number];
  const cube = steps.map((step) => CUBE_STEPS[step]!) as [number, number, number];
  const mean = (color[0] + color[1] + color[2]) / 3;
  const gray = Math.min(23, Math.max(0, Math.round((mean - 8) / 10)));
  const grayValue = 8 + gray * 10;
  const isGrayNearer = distance(color, [grayValue, grayValue, grayValue]) < distance(color, cube);
  return isGrayNearer ? 232 + gray : 16 + steps[0] * 36 + steps[1] * 6 + steps[2];
}

function nearestStep(value: number, steps: readonly number[]): number {
  return steps.reduce(
    (best, step, i) => Math.abs(step - value) < Math.abs(steps[best]! - value) ? i : best,
    0,
  );
}

function distance(a: Rgb, b: Rgb): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}
