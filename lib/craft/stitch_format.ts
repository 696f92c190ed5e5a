import type { Hoop } from "./stitches.ts";

/** A format of files for embroidery machines. A new one is one file and one line in a table. */
export interface StitchFormat {
  /** End of the file's name with its dot. */
  readonly ending: string;
  /**
   * Writes what one hoop holds.
   *
   * @param title Name of the design; formats shorten it.
   */
  encode(hoop: Hoop, title: string): Uint8Array<ArrayBuffer>;
}

/** A move of a machine by at most as far as a format can say, in tenths of a millimeter. */
export interface Move {
  /** Whether the needle goes through at its end. */
  readonly isStitch: boolean;
  /** To the right. */
  readonly dx: number;
  /** Down. */
  readonly dy: number;
}

/**
 * Lists what a machine does as relative moves, from the center of the hoop. Longer moves become
 * several: jumps, and for a stitch jumps before it.
 *
 * @param limit Maximum of each coordinate of a move in tenths of a millimeter.
 * @returns For each thread its moves and trims.
 */
export function movesOf({ blocks }: Hoop, limit: number): (Move | "trim")[][] {
  let [x, y] = [0, 0];
  return blocks.map(({ commands }) =>
    commands.flatMap((command): (Move | "trim")[] => {
      if (command.kind === "trim") return ["trim"];
      const longest = Math.max(Math.abs(command.x - x), Math.abs(command.y - y));
      const count = Math.max(1, Math.ceil(longest / limit));
      const [fromX, fromY] = [x, y];
      return Array.from({ length: count }, (_, i) => {
        const nextX = Math.round(fromX + (command.x - fromX) * (i + 1) / count);
        const nextY = Math.round(fromY + (command.y - fromY) * (i + 1) / count);
        const move = { dx: nextX - x, dy: nextY - y };
        [x, y] = [nextX, nextY];
        return { isStitch: command.kind === "stitch" && i === count - 1, ...move };
      });
    })
  );
}

/** Returns the printable ASCII of a title, at most as long as a format's field. */
export function shortTitle(title: string, length: number): string {
  return title.replaceAll(/[^\x20-\x7e]/g, "_").slice(0, length);
}
