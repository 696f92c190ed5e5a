import { decodeByRuntime } from "../decode_by_runtime.ts";
import type { ImageSize } from "../image.ts";
import { readJpeg } from "../jpeg_markers.ts";
import { decompressTiff, JPEG_COMPRESSION, type TiffCompression } from "./tiff_compression.ts";
import { TAG, type TiffDirectory } from "./tiff_directory.ts";

/** A strip or tile of a TIFF page. */
interface Segment extends ImageSize {
  /** Its compressed bytes. */
  readonly data: Uint8Array;
  /** Position of its first pixel. */
  readonly x: number;
  readonly y: number;
  /** Its first sample, and how many it holds for each pixel. */
  readonly sample: number;
  readonly samples: number;
}

/** What the samples of a page are. */
export interface SampleLayout extends ImageSize {
  /** Samples per pixel in the file. */
  readonly samplesPerPixel: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly bits: number;
  /** Whether samples are RGB in JPEG files, which else are YCbCr. */
  readonly isRgb: boolean;
}

/**
 * Decodes the samples of a page to 8 bits; samples of fewer bits stay as they are.
 *
 * @param kept Samples per pixel that are wanted, the first ones.
 * @returns Shape [H, W, kept].
 */
export async function readTiffSamples(
  file: Uint8Array,
  directory: TiffDirectory,
  layout: SampleLayout,
  kept: number,
): Promise<Uint8Array> {
  const { height, width } = layout;
  const samples = new Uint8Array(height * width * kept);
  for (const segment of segmentsOf(file, directory, layout)) {
    const read = await openSegment(segment, directory, layout);
    const right = Math.min(segment.width, width - segment.x);
    const bottom = Math.min(segment.height, height - segment.y);
    const count = Math.min(segment.samples, kept - segment.sample);
    for (let y = 0; y < bottom; y++) {
      for (let x = 0; x < right; x++) {
        const to = ((segment.y + y) * width + segment.x + x) * kept + segment.sample;
        for (let s = 0; s < count; s++) samples[to + s] = read(y, x, s);
      }
    }
  }
  return samples;
}

/** Returns the size of a strip or tile in pixels. */
export function segmentSize(directory: TiffDirectory, { height, width }: ImageSize): ImageSize {
  const tile = directory.value(TAG.tileWidth, 0);
  if (tile > 0) return { height: directory.value(TAG.tileLength, 0), width: tile };
  return { height: Math.min(height, directory.value(TAG.rowsPerStrip, height)), width };
}

function* segmentsOf(
  file: Uint8Array,
  directory: TiffDirectory,
  layout: SampleLayout,
): Generator<Segment> {
  const { samplesPerPixel } = layout;
  const isTiled = directory.value(TAG.tileWidth, 0) > 0;
  const offsets = directory.values(isTiled ? TAG.tileOffsets : TAG.stripOffsets);
  const counts = directory.values(isTiled ? TAG.tileByteCounts : TAG.stripByteCounts);
  const size = segmentSize(directory, layout);
  const isPlanar = directory.value(TAG.planarConfiguration, 1) === 2;
  const samples = isPlanar ? 1 : samplesPerPixel;
  let i = 0;
  for (let sample = 0; sample < samplesPerPixel; sample += samples) {
    for (let y = 0; y < layout.height; y += size.height) {
      for (let x = 0; x < layout.width; x += size.width, i++) {
        const start = offsets[i];
        if (start === undefined) throw new RangeError("its pixels end early");
        const end = start + (counts[i] ?? file.length - start);
        // The last strip may hold fewer rows; a tile is always whole.
        const height = isTiled ? size.height : Math.min(size.height, layout.height - y);
        if (end > file.length) throw new RangeError("its pixels end early");
        yield { ...size, height, data: file.subarray(start, end), x, y, sample, samples };
      }
    }
  }
}

type SampleReader = (y: number, x: number, sample: number) => number;

async function openSegment(
  segment: Segment,
  directory: TiffDirectory,
  { bits, isRgb }: SampleLayout,
): Promise<SampleReader> {
  const { height, width, samples } = segment;
  const compression: TiffCompression = {
    scheme: directory.value(TAG.compression, 1),
    width,
    fillOrder: directory.value(TAG.fillOrder, 1),
    t4Options: directory.value(TAG.t4Options, 0),
  };
  if (compression.scheme === JPEG_COMPRESSION) {
    return await openJpeg(segment, directory.bytes(TAG.jpegTables), isRgb);
  }
  const rowBytes = Math.ceil(width * samples * bits / 8);
  const bytes = decompressTiff(segment.data, rowBytes * height, compression);
  const { isLittleEndian } = directory;
  if (directory.value(TAG.predictor, 1) === 2) {
    undoPredictor(bytes, { rowBytes, samples, bits, isLittleEndian });
  }
  if (bits === 8) return (y, x, s) => bytes[y * rowBytes + x * samples + s]!;
  if (bits === 16) {
    const high = isLittleEndian ? 1 : 0;
    return (y, x, s) => {
      const at = y * rowBytes + (x * samples + s) * 2;
      return Math.round(((bytes[at + high]! << 8) | bytes[at + 1 - high]!) / 257);
    };
  }
  return (y, x, s) => {
    const bit = (x * samples + s) * bits;
    return (bytes[y * rowBytes + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
  };
}

/** Undoes horizontal differencing, in place. Source: TIFF 6.0, section 14. */
function undoPredictor(
  bytes: Uint8Array,
  { rowBytes, samples, bits, isLittleEndian }: {
    readonly rowBytes: number;
    readonly samples: number;
    readonly bits: number;
    readonly isLittleEndian: boolean;
  },
): void {
  const step = samples * bits / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    if (bits === 8) {
      for (let i = row + step; i < row + rowBytes; i++) bytes[i]! += bytes[i - step]!;
    } else if (bits === 16) {
      for (let i = row + step; i < row + rowBytes; i += 2) {
        const sum = view.getUint16(i, isLittleEndian) + view.getUint16(i - step, isLittleEndian);
        view.setUint16(i, sum & 0xffff, isLittleEndian);
      }
    }
  }
}

/** Decodes a strip or tile that is a JPEG file, whose tables may lie apart from it. */
async function openJpeg(
  { data, height, width }: Segment,
  tables: Uint8Array | undefined,
  isRgb: boolean,
): Promise<SampleReader> {
  // Without this marker, three components are taken for YCbCr. Source: Adobe technical note 5116.
  const adobe = [0xff, 0xee, 0, 14, 65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, isRgb ? 0 : 1];
  const shared = tables === undefined ? [] : tables.subarray(2, tables.length - 2);
  const file = Uint8Array.of(0xff, 0xd8, ...adobe, ...shared, ...data.subarray(2));
  const { sizes } = readJpeg(file);
  if (sizes.some((size) => size.height > height || size.width > width)) {
    throw new SyntaxError("its JPEG data is larger than a strip");
  }
  const image = await decodeByRuntime(file, "none");
  return (y, x, s) => image.data[(Math.min(y, image.height - 1) * image.width + x) * 4 + s] ?? 0;
}
