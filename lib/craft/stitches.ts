import type { PatternColor } from "./craft.ts";
import type { PageTile } from "./page_tiles.ts";

/** Units of a millimeter: machines count tenths. */
export const UNITS = 10;

/** A position in tenths of a millimeter from the center of the hoop: x to the right, y down. */
export interface StitchPoint {
  /** To the right. */
  readonly x: number;
  /** Down. */
  readonly y: number;
}

/** What a machine does: it moves and sews, moves only, or cuts the thread. */
export type StitchCommand =
  | { readonly kind: "stitch" | "jump"; readonly x: number; readonly y: number }
  | { readonly kind: "trim" };

/** What is sewn with one thread before the machine asks for the next. */
export interface ThreadBlock {
  /** The thread. */
  readonly thread: PatternColor;
  /** The commands; the first is a jump. */
  readonly commands: readonly StitchCommand[];
}

/** What one hoop holds. */
export interface Hoop {
  /** Its cells; its center is that of the hoop. */
  readonly tile: PageTile;
  /** Its threads in order, 1 or more. */
  readonly blocks: readonly ThreadBlock[];
}

/** A rectangle around stitches in tenths of a millimeter, all ends included. */
export interface StitchBounds {
  /** Least x. */
  readonly left: number;
  /** Least y. */
  readonly top: number;
  /** Greatest x. */
  readonly right: number;
  /** Greatest y. */
  readonly bottom: number;
}

/** Returns the rectangle around all stitches of a hoop. */
export function boundsOf({ blocks }: Hoop): StitchBounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { commands } of blocks) {
    for (const command of commands) {
      if (command.kind === "trim") continue;
      left = Math.min(left, command.x);
      right = Math.max(right, command.x);
      top = Math.min(top, command.y);
      bottom = Math.max(bottom, command.y);
    }
  }
  return { left, top, right, bottom };
}

/** What a hoop or a thread takes. */
export interface StitchCounts {
  /** Times that the needle goes through. */
  readonly stitches: number;
  /** Times that the thread is cut. */
  readonly trims: number;
  /** Moves without stitches after the first of each thread. */
  readonly jumps: number;
  /** Sum of the lengths of these moves in millimeters. */
  readonly jumped: number;
  /** Meters of the upper thread along the stitches. */
  readonly meters: number;
  /** Length of the shortest stitch in millimeters; infinite if there is none. */
  readonly shortest: number;
}

/** Counts what blocks take. */
export function countStitches(blocks: readonly ThreadBlock[]): StitchCounts {
  const counts = { stitches: 0, trims: 0, jumps: 0, jumped: 0, meters: 0, shortest: Infinity };
  for (const { commands } of blocks) {
    let at: StitchPoint | undefined;
    let isSewing = false;
    for (const command of commands) {
      if (command.kind === "trim") {
        counts.trims++;
        continue;
      }
      const length = at === undefined ? 0 : Math.hypot(command.x - at.x, command.y - at.y) / UNITS;
      if (command.kind === "jump") {
        if (at !== undefined) {
          counts.jumps++;
          counts.jumped += length;
        }
      } else {
        counts.stitches++;
        counts.meters += length / 1000;
        // The first stitch after a jump lies where the jump ends.
        if (isSewing) counts.shortest = Math.min(counts.shortest, length);
      }
      isSewing = command.kind === "stitch";
      at = command;
    }
  }
  return counts;
}
