import { fillRectangle } from "../../../lib/image/draw_text.ts";
import { Image, type Rgb } from "../../../lib/image/image.ts";
import { resizeImage } from "../../../lib/image/resize_image.ts";

/** A point as shares of the width and height of an image, from its top left corner. */
export type Point = readonly [x: number, y: number];

/** A filled shape. All lengths are shares of the size of a square image. */
export type Shape =
  | { readonly ellipse: readonly [x: number, y: number, radiusX: number, radiusY: number] }
  | { readonly polygon: readonly Point[] }
  | { readonly box: readonly [left: number, top: number, right: number, bottom: number] };

/** A shape and its color. */
export type Fill = Shape & { readonly color: Rgb };

/** Samples along each axis of a pixel, for antialiasing. */
const SAMPLES = 4;

/**
 * Draws shapes over a background, later ones over earlier ones, antialiased.
 *
 * @param size Height and width of the image, in pixels.
 */
export function drawShapes(size: number, background: Rgb, fills: readonly Fill[]): Image {
  const fine = size * SAMPLES;
  const image = Image.filled({ height: fine, width: fine }, background);
  for (const fill of fills) {
    const { color } = fill;
    for (let y = 0; y < fine; y++) {
      for (let x = 0; x < fine; x++) {
        if (!isInside(fill, (x + 0.5) / fine, (y + 0.5) / fine)) continue;
        fillRectangle(image, { x, y, width: 1, height: 1 }, color);
      }
    }
  }
  return resizeImage(image, { height: size, width: size }, { filter: "area" });
}

function isInside(shape: Shape, x: number, y: number): boolean {
  if ("ellipse" in shape) {
    const [centerX, centerY, radiusX, radiusY] = shape.ellipse;
    return ((x - centerX) / radiusX) ** 2 + ((y - centerY) / radiusY) ** 2 <= 1;
  }
  if ("box" in shape) {
    const [left, top, right, bottom] = shape.box;
    return x >= left && x < right && y >= top && y < bottom;
  }
  return isInPolygon(shape.polygon, x, y);
}

/** Tests by the number of edges that a ray to the right crosses. */
function isInPolygon(corners: readonly Point[], x: number, y: number): boolean {
  let isIn = false;
  for (const [i, [x1, y1]] of corners.entries()) {
    const [x2, y2] = corners.at(i - 1)!;
    const crosses = (y1 > y) !== (y2 > y) && x < x1 + (y - y1) / (y2 - y1) * (x2 - x1);
    if (crosses) isIn = !isIn;
  }
  return isIn;
}
