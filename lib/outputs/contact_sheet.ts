import { drawText, shortenText, TEXT_HEIGHT, textWidth } from "../image/draw_text.ts";
import { enlargementFactor, enlargeNearest } from "../image/enlarge_nearest.ts";
import { Image, type ImageSize, type Rgb } from "../image/image.ts";
import { fitWithin, resizeImage } from "../image/resize_image.ts";

/** An image of a contact sheet and its labels. */
export interface SheetTile {
  /** The image; transparent pixels show a checkerboard. */
  readonly image: Image;
  /** Lines of text below it. */
  readonly labels: readonly string[];
}

const BACKGROUND: Rgb = [38, 40, 48];
const LABEL_COLOR: Rgb = [242, 243, 246];
const LIGHT_SQUARE: Rgb = [204, 204, 204];
const DARK_SQUARE: Rgb = [153, 153, 153];

// All in pixels.
const MARGIN = 16;
const GAP = 12;
const LINE_GAP = 3;
const SQUARE = 8;

/** Approximate length of the longer dimension of a tile in pixels; many tiles are smaller. */
const TILE_LENGTHS = { few: 160, many: 64 } as const;
const FEW = 64;

/** Options of {@linkcode contactSheet}. */
export interface SheetOptions {
  /** Whether large images are shrunk; small ones are always enlarged. Default: true. */
  readonly shrinks?: boolean;
}

/** Draws images of one size in rows, each above its labels. */
export function contactSheet(tiles: readonly SheetTile[], options: SheetOptions = {}): Image {
  const images = tiles.map(({ image }) => image);
  const size = tileSize(images, options);
  const lines = Math.max(...tiles.map(({ labels }) => labels.length));
  const cellWidth = labelWidth(images, options) + GAP;
  const cellHeight = size.height + lines * (TEXT_HEIGHT + LINE_GAP) + GAP;
  const columns = Math.ceil(Math.sqrt(tiles.length * cellHeight / cellWidth));
  const rows = Math.ceil(tiles.length / columns);
  const sheet = Image.filled({
    height: 2 * MARGIN + rows * cellHeight - GAP,
    width: 2 * MARGIN + Math.min(columns, tiles.length) * cellWidth - GAP,
  }, BACKGROUND);
  for (const [i, { image, labels }] of tiles.entries()) {
    const x = MARGIN + (i % columns) * cellWidth;
    const y = MARGIN + Math.floor(i / columns) * cellHeight;
    drawOverSquares(sheet, resizeTile(image, size), { x, y });
    for (const [line, label] of labels.entries()) {
      drawText(sheet, shortenText(label, cellWidth - GAP), {
        x,
        y: y + size.height + LINE_GAP + line * (TEXT_HEIGHT + LINE_GAP),
        color: LABEL_COLOR,
      });
    }
  }
  return sheet;
}

/** Returns the maximum width of a label in pixels on a sheet of these images. */
export function labelWidth(images: readonly ImageSize[], options: SheetOptions = {}): number {
  return Math.max(tileSize(images, options).width, textWidth("#000000 100.0 %"));
}

/** Enlarges small images by an integer; shrinks large ones. */
function tileSize(images: readonly ImageSize[], { shrinks = true }: SheetOptions): ImageSize {
  const image = images[0]!;
  const length = images.length > FEW ? TILE_LENGTHS.many : TILE_LENGTHS.few;
  const factor = enlargementFactor(image, length);
  if (shrinks && Math.max(image.height, image.width) > length) {
    return fitWithin(image, { height: length, width: length });
  }
  return { height: image.height * factor, width: image.width * factor };
}

function resizeTile(image: Image, size: ImageSize): Image {
  const factor = Math.floor(size.width / image.width);
  if (factor >= 1) return enlargeNearest(image, factor);
  return resizeImage(image, size, { fit: "stretch", filter: "area" });
}

function drawOverSquares(sheet: Image, image: Image, position: { x: number; y: number }): void {
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const isLight = (Math.floor(x / SQUARE) + Math.floor(y / SQUARE)) % 2 === 0;
      const under = isLight ? LIGHT_SQUARE : DARK_SQUARE;
      const from = (y * image.width + x) * 4;
      const to = ((position.y + y) * sheet.width + position.x + x) * 4;
      const alpha = image.data[from + 3]! / 255;
      for (let c = 0; c < 3; c++) {
        sheet.data[to + c] = Math.round(under[c]! + (image.data[from + c]! - under[c]!) * alpha);
      }
    }
  }
}
