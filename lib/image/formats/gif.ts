import { decodeByRuntime } from "../decode_by_runtime.ts";
import type { ImageSize } from "../image.ts";
import { hasBytes, viewOf } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";

/** GIF, decoded by the runtime. */
export const GIF: ImageFormat = {
  name: "GIF",
  extensions: [".gif"],
  sniff: (bytes) => hasBytes(bytes, 0, "GIF8"),
  sizes: (bytes) => readGifSizes(viewOf(bytes)),
  decode: async (bytes) => {
    let frames = -1; // the first size is that of the canvas
    try {
      for (const _ of readGifSizes(viewOf(bytes))) frames++;
    } catch (error) {
      // What follows the first frame may be damaged.
      if (frames < 1) throw error;
    }
    return { image: await decodeByRuntime(bytes), frames };
  },
};

const EXTENSION = 0x21;
const FRAME = 0x2c;

/**
 * Yields the size of the canvas and of each frame; a frame may lie outside the canvas.
 *
 * Source: GIF89a, sections 18, 20 and 24.
 */
function* readGifSizes(view: DataView): Generator<ImageSize> {
  const canvas = { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  yield canvas;
  let offset = 13 + tableBytes(view.getUint8(10));
  for (let isFirst = true;;) {
    const kind = view.getUint8(offset);
    if (kind === EXTENSION) offset = skipBlocks(view, offset + 2);
    else if (kind === FRAME) {
      yield { width: view.getUint16(offset + 5, true), height: view.getUint16(offset + 7, true) };
      offset = skipBlocks(view, offset + 11 + tableBytes(view.getUint8(offset + 9)));
      isFirst = false;
    } else if (!isFirst) return; // the end, or bytes behind the last frame
    else throw new SyntaxError("it has no frame");
  }
}

function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1);
}

/** Skips data blocks, each of which begins with its length, up to and including the empty one. */
function skipBlocks(view: DataView, start: number): number {
  let offset = start;
  for (let length; (length = view.getUint8(offset)) > 0;) offset += 1 + length;
  return offset + 1;
}
