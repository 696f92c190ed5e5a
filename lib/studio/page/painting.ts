import { toOklab } from "../../palette/oklab.ts";
import type { Pixels } from "./pixels.ts";

/** A picture that is painted, and what of it a run may change. */
export interface Painting extends Pixels {
  /** Colors as "#rrggbb"; the index behind them is transparent. */
  readonly colors: readonly string[];
  /** 1 where a new run may change the picture; shape [H, W]. All 0: everywhere. */
  readonly mask: Uint8Array;
  /** 1 where a new run keeps the color; shape [H, W]. */
  readonly locked: Uint8Array;
}

/** What a tool changes. */
export type Layer = "indices" | "mask" | "locked";

/** Creates a painting of a picture, with nothing masked or locked. */
export function createPainting({ height, width, colors, indices }: Pixels): Painting {
  const size = height * width;
  return {
    height,
    width,
    colors,
    indices,
    mask: new Uint8Array(size),
    locked: new Uint8Array(size),
  };
}

/** A place in a picture. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/**
 * Draws a line of pixels, both ends with it. Places beyond the border draw nothing.
 *
 * Source: Bresenham 1965, Algorithm for computer control of a digital plotter.
 */
export function drawLine(
  painting: Painting,
  { layer, from, to, value }: {
    readonly layer: Layer;
    readonly from: Place;
    readonly to: Place;
    readonly value: number;
  },
): Painting {
  const { height, width } = painting;
  const pixels = painting[layer].slice();
  const columns = Math.abs(to.column - from.column);
  const rows = -Math.abs(to.row - from.row);
  let { row, column } = from;
  let error = columns + rows;
  while (true) {
    if (row >= 0 && row < height && column >= 0 && column < width) {
      pixels[row * width + column] = value;
    }
    if (row === to.row && column === to.column) break;
    const twice = 2 * error;
    if (twice >= rows) {
      error += rows;
      column += Math.sign(to.column - from.column);
    }
    if (twice <= columns) {
      error += columns;
      row += Math.sign(to.row - from.row);
    }
  }
  return { ...painting, [layer]: pixels };
}

/**
 * Fills the pixels around a place that have its color and are connected to it by their sides. In
 * the layers of the mask and the locks, too, the colors of the picture decide.
 */
export function fill(
  painting: Painting,
  { layer, at, value }: { readonly layer: Layer; readonly at: Place; readonly value: number },
): Painting {
  const { height, width, indices } = painting;
  const pixels = painting[layer].slice();
  const start = at.row * width + at.column;
  const seen = new Uint8Array(indices.length);
  seen[start] = 1;
  const open = [start];
  while (open.length > 0) {
    const pixel = open.pop()!;
    pixels[pixel] = value;
    const column = pixel % width;
    const neighbors = [
      pixel >= width ? pixel - width : -1,
      pixel < (height - 1) * width ? pixel + width : -1,
      column > 0 ? pixel - 1 : -1,
      column < width - 1 ? pixel + 1 : -1,
    ];
    for (const next of neighbors) {
      if (next < 0 || seen[next] || indices[next] !== indices[start]) continue;
      seen[next] = 1;
      open.push(next);
    }
  }
  return { ...painting, [layer]: pixels };
}

/** Empties the mask or the locks. */
export function clearLayer(painting: Painting, layer: "mask" | "locked"): Painting {
  return { ...painting, [layer]: new Uint8Array(painting.indices.length) };
}

/** Replaces a color of the palette. */
export function recolor(painting: Painting, index: number, color: string): Painting {
  const colors = painting.colors.map((one, i) => i === index ? color : one);
  return { ...painting, colors };
}

/**
 * Gives a picture another palette.
 *
 * @param by "nearest": each color becomes the nearest one in OKLab, the first on ties; "order": it
 * becomes the one of its place, and places behind the end begin again.
 */
export function swapPalette(
  painting: Painting,
  colors: readonly string[],
  by: "nearest" | "order",
): Painting {
  const labs = colors.map(oklabOf);
  const table = painting.colors.map((color, i) => {
    if (by === "order") return i % colors.length;
    const own = oklabOf(color);
    const distances = labs.map((lab) => lab.reduce((sum, x, c) => sum + (x - own[c]!) ** 2, 0));
    return distances.indexOf(Math.min(...distances));
  });
  const transparent = painting.colors.length;
  const indices = painting.indices.map((index) =>
    index === transparent ? colors.length : table[index]!
  );
  return { ...painting, colors, indices };
}

function oklabOf(color: string): readonly number[] {
  const at = (start: number) => parseInt(color.slice(start, start + 2), 16);
  return toOklab([at(1), at(3), at(5)]);
}

/** Returns the layer of the mask as a picture: white where a run may change it. */
export function maskPicture({ height, width, mask }: Painting): Pixels {
  return { height, width, indices: mask, colors: ["#000000", "#ffffff"] };
}

/** Returns the locked pixels as a picture; the others are transparent. */
export function lockedPicture({ height, width, indices, colors, locked }: Painting): Pixels {
  const kept = indices.map((index, i) => locked[i] ? index : colors.length);
  return { height, width, indices: kept, colors };
}
