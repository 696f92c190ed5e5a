import { viewOf } from "../../image/byte_view.ts";
import type { Palette } from "../palette.ts";
import { alphaNote, createPalette, PaletteError, type PaletteFormat } from "../palette_format.ts";

const FILE_MAGIC = 0xa5e0;
const FRAME_MAGIC = 0xf1fa;
/** Offset of the first frame, behind the file's header. */
const FIRST_FRAME = 128;
const PALETTE_CHUNK = 0x2019;
/** Chunks of older versions: with channels of 8 bits, and of 6 bits. */
const OLD_CHUNKS = [0x0004, 0x0011] as const;
const HAS_NAME = 1;

/**
 * The palette of a sprite of Aseprite, as it is in the first frame. Pixels are not looked at.
 *
 * Source: https://github.com/aseprite/aseprite/blob/main/docs/ase-file-specs.md.
 */
export const ASEPRITE_PALETTE: PaletteFormat = {
  name: "Aseprite sprite",
  extensions: [".aseprite"],
  isShared: true,
  sniff: (bytes) => bytes.length >= 6 && viewOf(bytes).getUint16(4, true) === FILE_MAGIC,
  read: readAseprite,
};

function readAseprite(bytes: Uint8Array, name: string): Palette {
  try {
    const view = viewOf(bytes);
    if (view.getUint16(4, true) !== FILE_MAGIC || view.getUint16(132, true) !== FRAME_MAGIC) {
      throw new PaletteError(name, "expected a sprite of Aseprite");
    }
    return readFrame(view, name);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PaletteError(name, "the sprite of Aseprite ends early");
  }
}

function readFrame(view: DataView, name: string): Palette {
  // Files with few chunks hold their number in the old field only.
  const chunks = view.getUint32(FIRST_FRAME + 12, true) || view.getUint16(FIRST_FRAME + 6, true);
  let offset = FIRST_FRAME + 16;
  let old: number[] | undefined;
  for (let i = 0; i < chunks; i++) {
    const length = view.getUint32(offset, true);
    const type = view.getUint16(offset + 4, true);
    if (length < 6) throw new PaletteError(name, "the sprite of Aseprite is damaged");
    if (type === PALETTE_CHUNK) return readPalette(view, offset + 6, name);
    if (OLD_CHUNKS.some((one) => one === type)) {
      old ??= readOldPalette(view, offset + 6, type === 0x0011);
    }
    offset += length;
  }
  return createPalette(name, old ?? []);
}

function readPalette(view: DataView, start: number, name: string): Palette {
  const [first, last] = [view.getUint32(start + 4, true), view.getUint32(start + 8, true)];
  const colors: number[] = [];
  let hasAlpha = false;
  let offset = start + 20;
  for (let k = first; k <= last; k++) {
    const alpha = view.getUint8(offset + 5);
    hasAlpha ||= alpha < 255;
    // A color without opacity is the sprite's transparent color.
    if (alpha > 0) { for (let c = 0; c < 3; c++) colors.push(view.getUint8(offset + 2 + c)); }
    const isNamed = (view.getUint16(offset, true) & HAS_NAME) !== 0;
    offset += 6 + (isNamed ? 2 + view.getUint16(offset + 6, true) : 0);
  }
  return createPalette(name, colors, hasAlpha ? [alphaNote(name)] : []);
}

/** Packets of a number of skipped colors, a number of colors (0: 256), and the colors. */
function readOldPalette(view: DataView, start: number, isSixBits: boolean): number[] {
  const colors: number[] = [];
  let offset = start + 2;
  for (let packets = view.getUint16(start, true); packets > 0; packets--) {
    const count = view.getUint8(offset + 1) || 256;
    offset += 2;
    for (let i = 0; i < count * 3; i++) {
      const value = view.getUint8(offset++);
      colors.push(isSixBits ? Math.round((value & 63) * 255 / 63) : value);
    }
  }
  return colors;
}
