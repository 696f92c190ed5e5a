import { Image } from "../image.ts";
import { hasBytes } from "../byte_view.ts";
import type { ImageFormat } from "../image_format.ts";
import { isFaxCompression } from "../tiff/tiff_compression.ts";
import { readTiffDirectory, TAG, type TiffDirectory } from "../tiff/tiff_directory.ts";
import { readTiffSamples, type SampleLayout, segmentSize } from "../tiff/tiff_samples.ts";

/** TIFF, read by our own code: all common compressions, strips and tiles, of up to 16 bits. */
export const TIFF: ImageFormat = {
  name: "TIFF",
  extensions: [".tif", ".tiff"],
  sniff: (bytes) => hasBytes(bytes, 0, "II*\0") || hasBytes(bytes, 0, "MM\0*"),
  sizes: (bytes) => {
    const directory = readTiffDirectory(bytes);
    const size = { height: directory.value(TAG.height, 0), width: directory.value(TAG.width, 0) };
    return [size, segmentSize(directory, size)];
  },
  decode: async (bytes) => {
    const directory = readTiffDirectory(bytes);
    const orientation = directory.value(TAG.orientation, 1);
    const icc = directory.bytes(TAG.iccProfile);
    return {
      image: await readPage(bytes, directory),
      orientation: orientation >= 1 && orientation <= 8 ? orientation : 1,
      // A profile of CMYK does not fit the colors that it is converted to.
      profile: icc !== undefined && hasBytes(icc, 16, "RGB ")
        ? { kind: "icc", bytes: icc }
        : undefined,
      frames: directory.pages,
    };
  },
};

// Photometric interpretations. Source: TIFF 6.0, tag 262.
const WHITE_IS_ZERO = 0;
const BLACK_IS_ZERO = 1;
const RGB = 2;
const PALETTE = 3;
const CMYK = 5;
const YCBCR = 6;

/** Samples of a color, by photometric interpretation. */
const COLORS: Readonly<Record<number, number>> = {
  [WHITE_IS_ZERO]: 1,
  [BLACK_IS_ZERO]: 1,
  [RGB]: 3,
  [PALETTE]: 1,
  [CMYK]: 4,
  [YCBCR]: 3,
};

const JPEG = 7;
const ASSOCIATED_ALPHA = 1;
const MAX_SAMPLES = 32;

async function readPage(file: Uint8Array, directory: TiffDirectory): Promise<Image> {
  const photometric = directory.value(TAG.photometric, BLACK_IS_ZERO);
  const layout = layoutOf(directory, photometric);
  const colors = COLORS[photometric]!;
  const [extra] = directory.values(TAG.extraSamples);
  // 0 is data of an unknown kind, such as a saved selection.
  const hasAlpha = layout.samplesPerPixel > colors && extra !== 0;
  const kept = colors + (hasAlpha ? 1 : 0);
  const samples = await readTiffSamples(file, directory, layout, kept);
  const image = new Image(layout);
  const toColor = colorReader(directory, photometric, layout.bits);
  for (let i = 0; i < layout.height * layout.width; i++) {
    const alpha = hasAlpha ? samples[i * kept + colors]! : 255;
    toColor(samples, i * kept, image.data, i * 4);
    image.data[i * 4 + 3] = alpha;
    if (extra !== ASSOCIATED_ALPHA || alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) {
      image.data[i * 4 + c] = Math.min(255, Math.round(image.data[i * 4 + c]! * 255 / alpha));
    }
  }
  return image;
}

function layoutOf(directory: TiffDirectory, photometric: number): SampleLayout {
  const colors = COLORS[photometric];
  if (colors === undefined) {
    throw new SyntaxError(`its color space is not supported: photometric ${photometric}`);
  }
  const isJpeg = directory.value(TAG.compression, 1) === JPEG;
  if (photometric === YCBCR && !isJpeg) {
    throw new SyntaxError("its color space is not supported: YCbCr without JPEG");
  }
  const bits = directory.value(TAG.bitsPerSample, 1);
  const samplesPerPixel = directory.value(TAG.samplesPerPixel, 1);
  const isFloat = directory.values(TAG.sampleFormat).some((format) => format > 2);
  if (![1, 2, 4, 8, 16].includes(bits) || isFloat || colors > 1 && bits < 8) {
    const kind = isFloat ? "floating-point" : "integer";
    throw new SyntaxError(`its samples are not supported: ${kind}, ${bits} bits`);
  }
  if (isFaxCompression(directory.value(TAG.compression, 1)) && bits * samplesPerPixel !== 1) {
    throw new SyntaxError("it is damaged: fax data of more than one bit a pixel");
  }
  if (samplesPerPixel < colors || samplesPerPixel > MAX_SAMPLES) {
    throw new SyntaxError(
      `expected ${colors} to ${MAX_SAMPLES} samples per pixel, got ${samplesPerPixel}`,
    );
  }
  return {
    height: directory.value(TAG.height, 0),
    width: directory.value(TAG.width, 0),
    samplesPerPixel,
    bits,
    isRgb: photometric === RGB,
  };
}

type ColorReader = (samples: Uint8Array, from: number, out: Uint8Array, to: number) => void;

function colorReader(directory: TiffDirectory, photometric: number, bits: number): ColorReader {
  if (photometric === PALETTE) {
    const map = directory.values(TAG.colorMap);
    const count = 1 << bits;
    if (map.length < 3 * count) throw new SyntaxError("its color map is too short");
    return (samples, from, out, to) => {
      // Entries have 16 bits; red, green and blue one after the other.
      for (let c = 0; c < 3; c++) out[to + c] = Math.round(map[c * count + samples[from]!]! / 257);
    };
  }
  if (photometric === CMYK) {
    return (samples, from, out, to) => {
      const white = 255 - samples[from + 3]!;
      for (let c = 0; c < 3; c++) {
        out[to + c] = Math.round((255 - samples[from + c]!) * white / 255);
      }
    };
  }
  if (photometric === RGB || photometric === YCBCR) {
    return (samples, from, out, to) => {
      for (let c = 0; c < 3; c++) out[to + c] = samples[from + c]!;
    };
  }
  const scale = bits < 8 ? 255 / ((1 << bits) - 1) : 1;
  return (samples, from, out, to) => {
    const gray = Math.round(samples[from]! * scale);
    out.fill(photometric === WHITE_IS_ZERO ? 255 - gray : gray, to, to + 3);
  };
}
