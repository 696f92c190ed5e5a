import type { IndexedPicture } from "../../finish/indexed_picture.ts";
import { firstFrame } from "../sprite.ts";
import type { SpriteFormat } from "../sprite_format.ts";

/** SVG: one path for each color, of merged areas; a pixel is one unit. */
export const SVG: SpriteFormat = {
  name: "svg",
  extension: ".svg",
  hasFrames: false,
  encode: (sprite, { factor = 1 } = {}) => encodeSvg(firstFrame(sprite), factor),
};

function encodeSvg(picture: IndexedPicture, factor: number): string {
  const { height, width, palette, indices } = picture;
  const used = [...new Set(indices)].filter((k) => k < palette.size).sort((a, b) => a - b);
  const paths = used.map((k) =>
    `<path fill="#${palette.hexAt(k)}" d="${contourPath(picture, k)}"/>\n`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width * factor}" ` +
    `height="${height * factor}" viewBox="0 0 ${width} ${height}" ` +
    `shape-rendering="crispEdges">\n${paths.join("")}</svg>\n`;
}

/** A direction along the edges of pixels. */
type Step = readonly [dx: number, dy: number];
const RIGHT: Step = [1, 0];
const DOWN: Step = [0, 1];
const LEFT: Step = [-1, 0];
const UP: Step = [0, -1];

/**
 * Traces the outline of the pixels of one color, with the color at the right hand: outer contours
 * run clockwise and holes counterclockwise, so that both fill rules of SVG give the same area.
 *
 * Where two pixels touch at a corner only, the contour turns right and keeps them apart.
 */
function contourPath({ height, width, indices }: IndexedPicture, color: number): string {
  const isInside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && indices[y * width + x] === color;
  // Edges by their first corner.
  const edges = new Map<number, Step[]>();
  const corner = (x: number, y: number) => y * (width + 1) + x;
  const add = (x: number, y: number, step: Step) => {
    const key = corner(x, y);
    edges.set(key, [...edges.get(key) ?? [], step]);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInside(x, y)) continue;
      if (!isInside(x, y - 1)) add(x, y, RIGHT);
      if (!isInside(x + 1, y)) add(x + 1, y, DOWN);
      if (!isInside(x, y + 1)) add(x + 1, y + 1, LEFT);
      if (!isInside(x - 1, y)) add(x, y + 1, UP);
    }
  }
  let path = "";
  for (const start of edges.keys()) {
    while (edges.get(start)!.length > 0) path += traceContour(edges, start, width);
  }
  return path;
}

/** Follows the edges from a corner back to it, and takes them away. */
function traceContour(edges: Map<number, Step[]>, start: number, width: number): string {
  let [x, y] = [start % (width + 1), Math.floor(start / (width + 1))];
  let path = `M${x} ${y}`;
  let last: Step | undefined;
  let length = 0;
  const draw = () => {
    if (last !== undefined) path += last[0] !== 0 ? `h${last[0] * length}` : `v${last[1] * length}`;
  };
  do {
    const step = takeStep(edges.get(y * (width + 1) + x)!, last);
    if (step !== last) {
      draw();
      [last, length] = [step, 0];
    }
    length++;
    [x, y] = [x + step[0], y + step[1]];
  } while (y * (width + 1) + x !== start);
  // The last line is drawn by closing the contour.
  return `${path}z`;
}

/** Takes an edge: of two, the one to the right of the last. */
function takeStep(steps: Step[], last: Step | undefined): Step {
  const right = last && steps.findIndex(([dx, dy]) => dx === -last[1] && dy === last[0]);
  const [step] = steps.splice(right === undefined || right < 0 ? 0 : right, 1);
  return step!;
}
