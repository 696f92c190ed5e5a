import type { Sheet } from "./sheet.ts";
import { SpriteError } from "./sprite.ts";

/** Options of {@linkcode tilesetJson}. */
export interface TilesetOptions {
  /** Name of the tileset. */
  readonly name: string;
  /** File name of the image. */
  readonly image: string;
  /** Factor by which the image is enlarged. Default: 1. */
  readonly factor?: number;
  /** Transparent pixels between the tiles, before the enlargement. Default: 0. */
  readonly padding?: number;
}

/**
 * Describes a sheet as a tileset of Tiled, which Godot and other engines read, too. The type of a
 * tile is its name.
 *
 * Source: https://doc.mapeditor.org/en/stable/reference/json-map-format/#tileset.
 *
 * @throws {SpriteError} If the tiles differ in size.
 */
export function tilesetJson({ picture, frames }: Sheet, options: TilesetOptions): string {
  const { name, image, factor = 1, padding = 0 } = options;
  const first = frames[0]!;
  const other = frames.find(({ height, width }) =>
    height !== first.height || width !== first.width
  );
  if (other !== undefined) {
    throw new SpriteError(
      `Cannot write tileset: expected tiles of ${first.height}x${first.width} pixels (height x ` +
        `width), got ${other.height}x${other.width} of "${other.name}"`,
    );
  }
  const content = {
    type: "tileset",
    version: "1.10",
    name,
    image,
    imageheight: picture.height * factor,
    imagewidth: picture.width * factor,
    tileheight: first.height * factor,
    tilewidth: first.width * factor,
    margin: 0,
    spacing: padding * factor,
    columns: frames.filter(({ y }) => y === 0).length,
    tilecount: frames.length,
    tiles: frames.map((frame, id) => ({ id, type: frame.name })),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}
