import assert from "node:assert/strict";
import h264 from "npm:h264decoder@1.0.0";

/** Boxes that contain boxes, with the number of bytes before those. */
const CONTAINERS: Readonly<Record<string, number>> = {
  moov: 0,
  trak: 0,
  mdia: 0,
  minf: 0,
  stbl: 0,
  stsd: 8,
  avc1: 78,
};

/** Reads the contents of the boxes of an MP4 file, by path, such as "moov/trak/mdia". */
export function readBoxes(bytes: Uint8Array, prefix = ""): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes = new Map<string, Uint8Array>();
  for (let offset = 0; offset < bytes.length;) {
    const size = view.getUint32(offset);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const isLarge = size === 1;
    const byteLength = isLarge ? Number(view.getBigUint64(offset + 8)) : size;
    assert(byteLength >= 8 && offset + byteLength <= bytes.length, `box "${prefix}${type}"`);
    const content = bytes.subarray(offset + (isLarge ? 16 : 8), offset + byteLength);
    boxes.set(prefix + type, content);
    const skip = CONTAINERS[type];
    if (skip !== undefined) {
      const inner = readBoxes(content.subarray(skip), `${prefix}${type}/`);
      for (const [path, box] of inner) boxes.set(path, box);
    }
    offset += byteLength;
  }
  return boxes;
}

/** A decoded frame: the planes Y, Cb and Cr, one after the other. */
export interface DecodedFrame {
  /** Height, padded to a multiple of 16. */
  readonly height: number;
  /** Width, padded to a multiple of 16. */
  readonly width: number;
  readonly planes: Uint8Array;
}

const TABLE = "moov/trak/mdia/minf/stbl";

/** Decodes all frames of a video of one H.264 track, by a library that is not under test. */
export function* decodeMp4(bytes: Uint8Array): Generator<DecodedFrame> {
  const boxes = readBoxes(bytes);
  const decoder = new h264.H264Decoder();
  const decode = (unit: Uint8Array) => decoder.decode(Uint8Array.of(0, 0, 0, 1, ...unit));
  for (const set of parameterSets(boxes.get(`${TABLE}/stsd/avc1/avcC`)!)) decode(set);
  for (const sample of samples(bytes, boxes)) {
    let isReady = false;
    for (const unit of units(sample)) isReady = decode(unit) === h264.H264Decoder.PIC_RDY;
    assert(isReady, "each sample is one frame");
    yield { height: decoder.height, width: decoder.width, planes: decoder.pic.slice() };
  }
}

/** Lists the sequence and picture parameter sets. Source: ISO/IEC 14496-15, 5.3.3.1. */
function parameterSets(config: Uint8Array): Uint8Array[] {
  const sets: Uint8Array[] = [];
  let offset = 5;
  for (const mask of [31, 255]) {
    for (let left = config[offset++]! & mask; left > 0; left--) {
      const length = (config[offset]! << 8) | config[offset + 1]!;
      sets.push(config.subarray(offset + 2, offset + 2 + length));
      offset += 2 + length;
    }
  }
  return sets;
}

/** Returns the bytes of each frame. Source: ISO/IEC 14496-12, 8.7. */
function samples(bytes: Uint8Array, boxes: Map<string, Uint8Array>): Uint8Array[] {
  const read = (name: string) => words(boxes.get(`${TABLE}/${name}`)!);
  const [, , , ...sizes] = read("stsz");
  const [, , ...runs] = read("stsc");
  const wide = boxes.get(`${TABLE}/co64`);
  const [, , ...chunks] = wide === undefined
    ? read("stco")
    : words(wide).filter((_, i) => i < 2 || i % 2 === 1);
  const found: Uint8Array[] = [];
  chunks.forEach((chunk, i) => {
    let offset = chunk;
    let run = 0;
    while (run + 3 < runs.length && runs[run + 3]! <= i + 1) run += 3;
    for (let left = runs[run + 1]!; left > 0; left--) {
      const size = sizes[found.length]!;
      found.push(bytes.subarray(offset, offset + size));
      offset += size;
    }
  });
  assert.equal(found.length, sizes.length);
  return found;
}

/** Splits a frame into its NAL units. The length of each precedes it. */
function* units(sample: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  for (let offset = 0; offset < sample.length;) {
    const length = view.getUint32(offset);
    yield sample.subarray(offset + 4, offset + 4 + length);
    offset += 4 + length;
  }
}

/** Reads a box as big-endian 32-bit integers. The first one is version and flags. */
export function words(box: Uint8Array): number[] {
  const view = new DataView(box.buffer, box.byteOffset, box.byteLength);
  return Array.from({ length: box.byteLength >> 2 }, (_, i) => view.getUint32(i * 4));
}
