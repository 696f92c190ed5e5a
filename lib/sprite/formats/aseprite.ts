import { deflateSync } from "node:zlib";
import { hasTransparency, type IndexedPicture } from "../../finish/indexed_picture.ts";
import type { Palette } from "../../palette/palette.ts";
import { DEFAULT_DURATION, firstFrame, type Sprite, SpriteError } from "../sprite.ts";
import type { SpriteFormat } from "../sprite_format.ts";
import { ByteWriter } from "./byte_writer.ts";

const FILE_MAGIC = 0xa5e0;
const FRAME_MAGIC = 0xf1fa;
const HEADER_LENGTH = 128;
const MAX_COLORS = 256;

const CHUNK = {
  layer: 0x2004,
  cel: 0x2005,
  colorProfile: 0x2007,
  tags: 0x2018,
  palette: 0x2019,
} as const;

/** Flags of a layer. A background layer has no transparent color. */
const LAYER = { visible: 1, editable: 2, background: 8 } as const;
const COMPRESSED_IMAGE = 2;
const SRGB = 1;

/**
 * Aseprite's sprites in indexed mode, with the palette in its order.
 *
 * An opaque sprite is one background layer; a transparent one is one layer, or one a color, and the
 * transparent class is the palette's last entry.
 *
 * Source: https://github.com/aseprite/aseprite/blob/main/docs/ase-file-specs.md.
 */
export const ASEPRITE: SpriteFormat = {
  name: "aseprite",
  extension: ".aseprite",
  hasFrames: true,
  encode: (sprite, { layers = false } = {}) => encodeAseprite(sprite, layers),
};

/** A layer and what it shows of a picture. */
interface Layer {
  readonly name: string;
  readonly isBackground: boolean;
  /** Returns the indices of the layer. */
  select(picture: IndexedPicture): Uint32Array;
}

function encodeAseprite(sprite: Sprite, hasLayers: boolean): Uint8Array<ArrayBuffer> {
  const { height, width, palette } = firstFrame(sprite);
  const isTransparent = hasLayers || sprite.frames.some(hasTransparency);
  const entries = palette.size + (isTransparent ? 1 : 0);
  if (entries > MAX_COLORS) {
    const one = isTransparent ? " and a transparent one" : "";
    throw new SpriteError(
      `Cannot write sprite for Aseprite: expected at most ${MAX_COLORS} colors, got ` +
        `${palette.size}${one}`,
    );
  }
  const layers = hasLayers ? colorLayers(palette) : [wholeLayer(isTransparent)];
  const frames = sprite.frames.map((picture, i) => {
    const chunks = i === 0 ? headChunks(sprite, layers, isTransparent) : [];
    for (const [number, layer] of layers.entries()) {
      const cel = celChunk(picture, layer, number);
      if (cel !== undefined) chunks.push(cel);
    }
    return encodeFrame(chunks, sprite.duration ?? DEFAULT_DURATION);
  });
  const length = frames.reduce((sum, frame) => sum + frame.length, HEADER_LENGTH);
  const header = new ByteWriter()
    .uint32(length).uint16(FILE_MAGIC).uint16(frames.length).uint16(width).uint16(height)
    // 8 bits a pixel: indexed. Flag 1: the opacity of layers is valid.
    .uint16(8).uint32(1).uint16(sprite.duration ?? DEFAULT_DURATION).zeros(8)
    .uint8(isTransparent ? palette.size : 0).zeros(3).uint16(entries)
    // Square pixels, and the usual grid of 16 x 16.
    .uint8(1).uint8(1).uint16(0).uint16(0).uint16(16).uint16(16).zeros(84);
  return new ByteWriter().bytes(header.toBytes()).bytes(...frames).toBytes();
}

function wholeLayer(isTransparent: boolean): Layer {
  return {
    name: isTransparent ? "Layer 1" : "Background",
    isBackground: !isTransparent,
    select: ({ indices }) => indices,
  };
}

function colorLayers(palette: Palette): Layer[] {
  return Array.from({ length: palette.size }, (_, k) => ({
    name: `#${palette.hexAt(k)}`,
    isBackground: false,
    select: ({ indices }) => indices.map((index) => index === k ? k : palette.size),
  }));
}

function headChunks(sprite: Sprite, layers: readonly Layer[], isTransparent: boolean) {
  const { palette } = sprite.frames[0]!;
  return [
    encodeChunk(CHUNK.colorProfile, new ByteWriter().uint16(SRGB).zeros(14)),
    paletteChunk(palette, isTransparent),
    ...layers.map(layerChunk),
    ...sprite.tags?.length ? [tagsChunk(sprite.tags)] : [],
  ];
}

function paletteChunk(palette: Palette, isTransparent: boolean): Uint8Array<ArrayBuffer> {
  const entries = palette.size + (isTransparent ? 1 : 0);
  const chunk = new ByteWriter().uint32(entries).uint32(0).uint32(entries - 1).zeros(8);
  for (let k = 0; k < palette.size; k++) chunk.uint16(0).bytes(palette.at(k)).uint8(255);
  if (isTransparent) chunk.zeros(6);
  return encodeChunk(CHUNK.palette, chunk);
}

function layerChunk({ name, isBackground }: Layer): Uint8Array<ArrayBuffer> {
  const flags = LAYER.visible | LAYER.editable | (isBackground ? LAYER.background : 0);
  // Normal layer, level, ignored sizes, normal blending, opacity.
  const chunk = new ByteWriter().uint16(flags).zeros(2 + 2 + 4 + 2).uint8(255).zeros(3).text(name);
  return encodeChunk(CHUNK.layer, chunk);
}

function tagsChunk(tags: NonNullable<Sprite["tags"]>): Uint8Array<ArrayBuffer> {
  const chunk = new ByteWriter().uint16(tags.length).zeros(8);
  for (const { name, from, to } of tags) {
    // Forward, repeated without end; then the tag's color, which is no longer used.
    chunk.uint16(from).uint16(to).uint8(0).uint16(0).zeros(6 + 3 + 1).text(name);
  }
  return encodeChunk(CHUNK.tags, chunk);
}

/** Encodes what a layer shows of a frame; undefined if that is nothing. */
function celChunk(
  picture: IndexedPicture,
  layer: Layer,
  number: number,
): Uint8Array<ArrayBuffer> | undefined {
  const indices = layer.select(picture);
  const { height, width, palette } = picture;
  if (indices.every((index) => index === palette.size)) return undefined;
  const pixels = deflateSync(Uint8Array.from(indices));
  const chunk = new ByteWriter().uint16(number).uint16(0).uint16(0).uint8(255)
    .uint16(COMPRESSED_IMAGE).zeros(2 + 5).uint16(width).uint16(height).bytes(pixels);
  return encodeChunk(CHUNK.cel, chunk);
}

function encodeChunk(type: number, data: ByteWriter): Uint8Array<ArrayBuffer> {
  const bytes = data.toBytes();
  return new ByteWriter().uint32(bytes.length + 6).uint16(type).bytes(bytes).toBytes();
}

function encodeFrame(chunks: readonly Uint8Array[], duration: number): Uint8Array<ArrayBuffer> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 16);
  return new ByteWriter().uint32(length).uint16(FRAME_MAGIC)
    // The old number of chunks; this value says that the new one counts.
    .uint16(0xffff).uint16(duration).zeros(2).uint32(chunks.length).bytes(...chunks).toBytes();
}
