import { viewOf } from "./byte_view.ts";
import type { ImageSize } from "./image.ts";
import { JpegTables } from "./jpeg_tables.ts";

/** Marker behind the pixels. */
export const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/** What the markers of a JPEG file tell. */
interface JpegMarkers {
  /** Sizes of all frame headers; a valid file has one. */
  readonly sizes: readonly ImageSize[];
  /** Offset behind the image in bytes. */
  readonly end: number;
  /** Whether the end marker is there. */
  readonly hasEnd: boolean;
}

/**
 * Walks the markers to the end of the image. Source: ITU-T T.81, annex B.
 *
 * It is strict, because Deno's decoder ends the whole program at files that contradict themselves.
 *
 * @throws {RangeError} If the file ends before or within the pixels.
 * @throws {SyntaxError} If it is damaged or uses arithmetic coding, with the bare reason.
 */
export function readJpeg(bytes: Uint8Array): JpegMarkers {
  const view = viewOf(bytes);
  const sizes: ImageSize[] = [];
  const tables = new JpegTables(bytes);
  let fileEnd: number | undefined;
  let scanBytes = 0;
  let minScanBits = 0;
  for (const { marker, start, content, end } of readSegments(bytes)) {
    if (marker === END_OF_IMAGE) fileEnd = end;
    if (marker === START_OF_SCAN) scanBytes += end - content;
    if (isFrameHeader(marker) && marker >= 0xc9) {
      throw new SyntaxError("its arithmetic coding is not supported");
    }
    tables.read(marker, start + 4, content);
    if (!isFrameHeader(marker)) continue;
    sizes.push({ height: view.getUint16(start + 5), width: view.getUint16(start + 7) });
    minScanBits = Math.max(minScanBits, countUnits(view, start));
  }
  // A header that promises far more pixels than there is data would take long to decode.
  if (scanBytes * 8 < minScanBits) throw new RangeError("it ends early");
  return { sizes, end: fileEnd ?? bytes.length, hasEnd: fileEnd !== undefined };
}

/** A segment of a JPEG file; offsets are in bytes. */
interface JpegSegment {
  readonly marker: number;
  /** Offset of the marker. */
  readonly start: number;
  /** Offset behind the header, where the data of a scan begins. */
  readonly content: number;
  /** Offset behind the segment and the data of its scan. */
  readonly end: number;
}

/** Reads the segments up to the end marker; without one, up to the end of the file. */
function* readSegments(bytes: Uint8Array): Generator<JpegSegment> {
  const view = viewOf(bytes);
  let hasScan = false;
  for (let start = 2; start + 1 < bytes.length || !hasScan;) {
    const marker = view.getUint8(start + 1);
    if (view.getUint8(start) !== 0xff) throw new SyntaxError("it is damaged");
    if (marker === 0xff) {
      start++; // a fill byte
      continue;
    }
    if (marker > 0x01 && marker < 0xc0) throw new SyntaxError("it is damaged");
    const content = start + 2 + (hasLength(marker) ? view.getUint16(start + 2) : 0);
    if (content > bytes.length) throw new RangeError("it ends early");
    const end = marker === START_OF_SCAN ? skipScan(bytes, content) : content;
    hasScan ||= marker === START_OF_SCAN;
    yield { marker, start, content, end };
    if (marker === END_OF_IMAGE) return;
    start = end;
  }
}

function hasLength(marker: number): boolean {
  return marker !== END_OF_IMAGE && marker !== 0x01 && (marker < 0xd0 || marker > 0xd8);
}

/** Counts the groups of blocks (MCU) of a frame, each of which takes one bit or more. */
function countUnits(view: DataView, offset: number): number {
  let [down, across] = [1, 1];
  for (let i = 0; i < view.getUint8(offset + 9); i++) {
    const factors = view.getUint8(offset + 11 + i * 3);
    across = Math.max(across, factors >> 4);
    down = Math.max(down, factors & 15);
  }
  const rows = Math.ceil(view.getUint16(offset + 5) / (8 * down));
  return rows * Math.ceil(view.getUint16(offset + 7) / (8 * across));
}

function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Skips entropy-coded data: it ends at a marker that is neither stuffing nor a restart. */
function skipScan(bytes: Uint8Array, start: number): number {
  let offset = bytes.indexOf(0xff, start);
  while (offset >= 0) {
    const next = bytes[offset + 1];
    if (next === undefined) break;
    if (next !== 0 && (next < 0xd0 || next > 0xd7) && next !== 0xff) return offset;
    offset = bytes.indexOf(0xff, offset + (next === 0xff ? 1 : 2));
  }
  return bytes.length;
}
