import type { IndexedPicture } from "../finish/indexed_picture.ts";
import type { ImageSize } from "../image/image.ts";
import { sharePalette } from "./shared_palette.ts";
import { DEFAULT_DURATION, SpriteError, type SpriteTag } from "./sprite.ts";

/** A picture of a sheet. */
export interface SheetPicture {
  /** Unique name. */
  readonly name: string;
  /** The picture. */
  readonly picture: IndexedPicture;
}

/** Where a picture lies on a sheet, in pixels. */
export interface SheetFrame extends ImageSize {
  /** Name of the picture. */
  readonly name: string;
  /** Left end. */
  readonly x: number;
  /** Upper end. */
  readonly y: number;
}

/** Pictures on one sheet. */
export interface Sheet {
  /** The sheet; what no picture covers is transparent. */
  readonly picture: IndexedPicture;
  /** Where the pictures lie, in their order. */
  readonly frames: readonly SheetFrame[];
}

/** Options of {@linkcode packSheet}. */
export interface SheetOptions {
  /** Cells in a row. Default: as many as make the sheet nearly square. */
  readonly columns?: number;
  /** Transparent pixels between cells. Default: 0. */
  readonly padding?: number;
}

/** The maximum height and width of a sheet: what all GPUs can hold. */
const MAX_LENGTH = 8192;

/**
 * Packs pictures on one sheet with one palette: cells of the size of the largest picture, row by
 * row, each picture in the upper left corner of its cell.
 *
 * @throws {SpriteError} If there is no picture, or the sheet is larger than 8192 pixels.
 */
export function packSheet(pictures: readonly SheetPicture[], options: SheetOptions = {}): Sheet {
  if (pictures.length === 0) throw new SpriteError("Cannot pack sheet: expected a picture");
  const { columns = Math.ceil(Math.sqrt(pictures.length)), padding = 0 } = options;
  const cell = {
    height: Math.max(...pictures.map(({ picture }) => picture.height)) + padding,
    width: Math.max(...pictures.map(({ picture }) => picture.width)) + padding,
  };
  const used = Math.min(columns, pictures.length);
  const height = Math.ceil(pictures.length / columns) * cell.height - padding;
  const width = used * cell.width - padding;
  if (height > MAX_LENGTH || width > MAX_LENGTH) {
    throw new SpriteError(
      `Cannot pack sheet: expected at most ${MAX_LENGTH}x${MAX_LENGTH} pixels, got ` +
        `${height}x${width}; use other --columns or fewer pictures`,
    );
  }
  const shared = sharePalette(pictures.map(({ picture }) => picture));
  const palette = shared[0]!.palette;
  const indices = new Uint32Array(height * width).fill(palette.size);
  const frames = shared.map((picture, i) => {
    const x = i % columns * cell.width;
    const y = Math.floor(i / columns) * cell.height;
    for (let row = 0; row < picture.height; row++) {
      const start = row * picture.width;
      indices.set(
        picture.indices.subarray(start, start + picture.width),
        (y + row) * width + x,
      );
    }
    return { name: pictures[i]!.name, x, y, height: picture.height, width: picture.width };
  });
  return { picture: { height, width, palette, indices }, frames };
}

/** Options of {@linkcode sheetJson}. */
export interface SheetJsonOptions {
  /** File name of the image. */
  readonly image: string;
  /** Factor by which the image is enlarged. Default: 1. */
  readonly factor?: number;
  /** Time of a frame in milliseconds. Default: 100. */
  readonly duration?: number;
  /** Named ranges of frames. Default: none. */
  readonly tags?: readonly SpriteTag[];
}

/**
 * Describes a sheet as JSON in the "hash" form of Aseprite and TexturePacker, which game engines
 * read: rectangles by name.
 *
 * Sources: https://www.aseprite.org/docs/cli/#json-hash-type;
 * https://www.codeandweb.com/texturepacker/documentation.
 */
export function sheetJson({ picture, frames }: Sheet, options: SheetJsonOptions): string {
  const { image, factor = 1, duration = DEFAULT_DURATION, tags = [] } = options;
  const scaled = (size: ImageSize) => ({ w: size.width * factor, h: size.height * factor });
  const entries = frames.map((frame) => [frame.name, {
    frame: { x: frame.x * factor, y: frame.y * factor, ...scaled(frame) },
    rotated: false,
    trimmed: false,
    spriteSourceSize: { x: 0, y: 0, ...scaled(frame) },
    sourceSize: scaled(frame),
    duration,
  }]);
  const meta = {
    app: "Smalti",
    version: "1.0",
    image,
    format: "I8",
    size: scaled(picture),
    scale: String(factor),
    frameTags: tags.map((tag) => ({ ...tag, direction: "forward" })),
  };
  return `${JSON.stringify({ frames: Object.fromEntries(entries), meta }, undefined, 2)}\n`;
}
