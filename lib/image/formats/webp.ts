import { decodeWithProfile } from "../decode_by_runtime.ts";
import type { ImageSize } from "../image.ts";
import { hasBytes, viewOf } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";

/** WebP, decoded by the runtime. */
export const WEBP: ImageFormat = {
  name: "WebP",
  extensions: [".webp"],
  sniff: (bytes) => hasBytes(bytes, 0, "RIFF") && hasBytes(bytes, 8, "WEBP"),
  sizes: (bytes) => [...readChunks(bytes)].flatMap(({ sizes }) => sizes),
  decode: async (bytes) => {
    const frames = [...readChunks(bytes)].filter(({ type }) => type === "ANMF").length;
    return { ...await decodeWithProfile(bytes), frames: Math.max(1, frames) };
  },
};

interface WebpChunk {
  readonly type: string;
  /** Sizes that it declares. */
  readonly sizes: readonly ImageSize[];
}

/** Reads the chunks. Source: RFC 9649, sections 2.3 to 2.7. */
function* readChunks(bytes: Uint8Array): Generator<WebpChunk> {
  const view = viewOf(bytes);
  // The first chunk must be there; the rest behind the image may be cut off.
  for (let offset = 12; offset === 12 || offset + 8 <= bytes.length;) {
    const type = String.fromCharCode(...bytes.subarray(offset, offset + 4));
    const length = view.getUint32(offset + 4, true);
    const size = readSize(view, type, offset + 8);
    // A frame is a header of 16 bytes and its own chunks.
    const inner = type === "ANMF" ? readFrameSizes(view, bytes, offset + 8 + 16) : [];
    yield { type, sizes: [...size === undefined ? [] : [size], ...inner] };
    offset += 8 + length + length % 2;
  }
}

function readFrameSizes(view: DataView, bytes: Uint8Array, start: number): ImageSize[] {
  // An alpha chunk may come before the pixels.
  for (let offset = start, i = 0; offset + 8 <= bytes.length && i < 2; i++) {
    const size = readSize(
      view,
      String.fromCharCode(...bytes.subarray(offset, offset + 4)),
      offset + 8,
    );
    if (size !== undefined) return [size];
    const length = view.getUint32(offset + 4, true);
    offset += 8 + length + length % 2;
  }
  return [];
}

function readSize(view: DataView, type: string, offset: number): ImageSize | undefined {
  const read24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (type === "VP8X") { // 24 bits each, minus one
    return { width: read24(offset + 4) + 1, height: read24(offset + 7) + 1 };
  }
  if (type === "ANMF") {
    return { width: read24(offset + 6) + 1, height: read24(offset + 9) + 1 };
  }
  if (type === "VP8L") { // 14 bits each, minus one, behind a signature byte
    const bits = view.getUint32(offset + 1, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  if (type !== "VP8 ") return undefined;
  const width = view.getUint16(offset + 6, true) & 0x3fff;
  return { width, height: view.getUint16(offset + 8, true) & 0x3fff };
}
