import { encodePng } from "../../image/encode_png.ts";
import { Image, type Rgb } from "../../image/image.ts";
import { fillRectangle } from "../../image/draw_text.ts";
import type { CraftFormat } from "../craft_format.ts";
import type { Pattern } from "../pattern.ts";
import { UNITS } from "../stitches.ts";

/** Longest side of the image in pixels. */
const MAX_SIDE = 2000;
/** Most pixels of a tenth of a millimeter. */
const MAX_SCALE = 1;
/** Room around the picture, and width of a thread, in tenths of a millimeter. */
const MARGIN = 30;
const THREAD = 4;
const CLOTH: Rgb = [250, 248, 243];

/** The stitches as they will look, at most 10 pixels a millimeter: each thread with its light. */
export const STITCHES_PNG: CraftFormat = {
  ending: "_stitches.png",
  crafts: ["embroidery"],
  encode: (pattern) => encodePng(stitchesImage(pattern)),
};

function stitchesImage({ craft, picture, hoops }: Pattern): Image {
  const cell = craft.cell * UNITS;
  const size = {
    width: picture.width * cell + 2 * MARGIN,
    height: picture.height * cell + 2 * MARGIN,
  };
  const scale = Math.min(MAX_SCALE, MAX_SIDE / Math.max(size.width, size.height));
  const image = Image.filled(
    { width: Math.ceil(size.width * scale), height: Math.ceil(size.height * scale) },
    CLOTH,
  );
  for (const { tile, blocks } of hoops) {
    const centerX = MARGIN + Math.round((tile.columns.from + tile.columns.to) * cell / 2);
    const centerY = MARGIN + Math.round((tile.rows.from + tile.rows.to) * cell / 2);
    for (const { thread, commands } of blocks) {
      let from: readonly [number, number] | undefined;
      for (const command of commands) {
        if (command.kind === "trim") {
          from = undefined;
          continue;
        }
        const to = [(command.x + centerX) * scale, (command.y + centerY) * scale] as const;
        if (command.kind === "stitch" && from !== undefined) {
          drawStitch(image, from, to, { color: thread.color, width: THREAD * scale });
        }
        from = to;
      }
    }
  }
  return image;
}

/** Draws a stitch as dots along it: darker at its ends, where it goes into the cloth. */
function drawStitch(
  image: Image,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  { color, width }: { readonly color: Rgb; readonly width: number },
): void {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const steps = Math.max(1, Math.ceil(length));
  const radius = Math.max(1, Math.round(width));
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    const light = 0.72 + 0.28 * Math.sin(Math.PI * t);
    const [x, y] = [x1 + (x2 - x1) * t, y1 + (y2 - y1) * t];
    const top = Math.round(y - radius / 2);
    const left = Math.round(x - radius / 2);
    fillRectangle(
      image,
      { x: left, y: top, width: radius, height: radius },
      shade(color, light * 0.85),
    );
    const core = Math.max(1, radius - 1);
    fillRectangle(image, { x: left, y: top, width: core, height: core }, shade(color, light));
  }
}

function shade(color: Rgb, light: number): Rgb {
  return [
    Math.round(color[0] * light),
    Math.round(color[1] * light),
    Math.round(color[2] * light),
  ];
}
