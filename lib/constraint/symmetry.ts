import type { ImageSize } from "../image/image.ts";
import { WrongInputError } from "../text/wrong_input_error.ts";

/** Which pixels of a picture share their color. */
export type Symmetry = "none" | "x" | "y" | "xy" | "rotate4";

/** A position in a grid. */
interface Position {
  readonly x: number;
  readonly y: number;
}

/** Moves a position in a grid to another one. */
type Move = (position: Position, size: ImageSize) => Position;

const MIRROR_X: Move = ({ x, y }, { width }) => ({ x: width - 1 - x, y });
const MIRROR_Y: Move = ({ x, y }, { height }) => ({ x, y: height - 1 - y });
const TURN: Move = ({ x, y }, { width }) => ({ x: width - 1 - y, y: x });
const HALF_TURN: Move = (position, size) => MIRROR_X(MIRROR_Y(position, size), size);

/** The moves of each symmetry besides the one that changes nothing. */
const MOVES: Readonly<Record<Symmetry, readonly Move[]>> = {
  none: [],
  x: [MIRROR_X],
  y: [MIRROR_Y],
  xy: [MIRROR_X, MIRROR_Y, HALF_TURN],
  rotate4: [TURN, HALF_TURN, (position, size) => TURN(HALF_TURN(position, size), size)],
};

/**
 * Lists where a symmetry moves each cell of a grid.
 *
 * - "x" mirrors left and right, "y" mirrors top and bottom, "xy" both.
 * - "rotate4" turns by 90, 180 and 270 degrees; it needs a square grid.
 *
 * @returns An array of H * W indices for each move. Empty for "none".
 * @throws {WrongInputError} If "rotate4" is asked for a grid that is not square.
 */
export function movesOf(symmetry: Symmetry, size: ImageSize): readonly Uint32Array[] {
  const { height, width } = size;
  if (symmetry === "rotate4" && height !== width) {
    throw new WrongInputError(
      `Cannot turn a picture by 90 degrees: expected a square, got ${height}x${width} pixels`,
    );
  }
  return MOVES[symmetry].map((move) =>
    Uint32Array.from({ length: height * width }, (_, i) => {
      const { x, y } = move({ x: i % width, y: Math.floor(i / width) }, size);
      return y * width + x;
    })
  );
}

/**
 * Lists the first cell of the orbit of each cell: all cells of an orbit share their color.
 *
 * @returns Indices, shape [H, W].
 */
export function orbitsOf(moves: readonly Uint32Array[], count: number): Uint32Array {
  return Uint32Array.from(
    { length: count },
    (_, i) => moves.reduce((first, move) => Math.min(first, move[i]!), i),
  );
}
