import { deflateSync } from "node:zlib";
import { hasBytes, viewOf } from "./byte_view.ts";
import { decodeByRuntime } from "./decode_by_runtime.ts";
import { pngChunks } from "./encode_png.ts";
import { Image } from "./image.ts";
import { joinPngChunks } from "./png_chunks.ts";

/** The color space of stored pixels. */
export type ColorProfile =
  /** An ICC profile. */
  | { readonly kind: "icc"; readonly bytes: Uint8Array }
  /** A curve and primaries. */
  | {
    readonly kind: "primaries";
    /** Converts a stored value in [0, 1] to linear light in [0, 1]. */
    readonly toLinear: (value: number) => number;
    /** CIE 1931 chromaticities. */
    readonly primaries: Primaries;
  };

/** CIE 1931 chromaticities x and y of red, green, blue and white. */
export type Primaries = readonly [
  red: readonly [number, number],
  green: readonly [number, number],
  blue: readonly [number, number],
  white: readonly [number, number],
];

/** Primaries of sRGB. Source: IEC 61966-2-1. */
export const SRGB_PRIMARIES: Primaries = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], [0.3127, 0.329]];

/**
 * Converts the colors of an image to sRGB; alpha stays.
 *
 * @returns The image, `image` itself if no color changes by more than rounding; and a note if the
 * profile cannot be used.
 */
export async function convertToSrgb(
  image: Image,
  profile: ColorProfile,
): Promise<{ image: Image; notes: string[] }> {
  if (profile.kind === "primaries") {
    return { image: convertPrimaries(image, profile.toLinear, profile.primaries), notes: [] };
  }
  try {
    return { image: keepExact(image, await convertIcc(image, profile.bytes)), notes: [] };
  } catch {
    return { image, notes: ["its color profile cannot be used and is ignored"] };
  }
}

/** Lets the runtime convert, by a PNG that holds the profile. */
async function convertIcc(image: Image, profile: Uint8Array): Promise<Image> {
  // The runtime ignores such a profile silently.
  const isWhole = profile.length >= 128 && viewOf(profile).getUint32(0) <= profile.length;
  if (!isWhole || !hasBytes(profile, 16, "RGB ") || !hasBytes(profile, 36, "acsp")) {
    throw new SyntaxError("its color profile is damaged or not of RGB");
  }
  const opaque = new Image(image, image.data.map((value, i) => i % 4 === 3 ? 255 : value));
  const [header, ...pixels] = pngChunks(opaque, { level: 1 });
  // "x", its end and compression method 0.
  const data = Uint8Array.of(120, 0, 0, ...deflateSync(profile));
  const png = joinPngChunks([header!, { type: "iCCP", data }, ...pixels]);
  const converted = await decodeByRuntime(png);
  image.data.forEach((value, i) => {
    if (i % 4 === 3) converted.data[i] = value;
  });
  return converted;
}

/** A profile of sRGB itself must not change colors by rounding: palettes are matched exactly. */
function keepExact(image: Image, converted: Image): Image {
  const isSame = image.data.every((value, i) => Math.abs(value - converted.data[i]!) <= 1);
  return isSame ? image : converted;
}

function convertPrimaries(
  image: Image,
  toLinear: (value: number) => number,
  primaries: Primaries,
): Image {
  const matrix = multiply(invert(toXyz(SRGB_PRIMARIES)), adaptWhite(primaries));
  const linear = Float64Array.from({ length: 256 }, (_, value) => toLinear(value / 255));
  const data = Uint8Array.from(image.data);
  for (let i = 0; i < data.length; i += 4) {
    const [red, green, blue] = [linear[data[i]!]!, linear[data[i + 1]!]!, linear[data[i + 2]!]!];
    for (let c = 0; c < 3; c++) {
      const [r, g, b] = matrix[c]!;
      data[i + c] = Math.round(255 * fromLinear(r * red + g * green + b * blue));
    }
  }
  return keepExact(image, new Image(image, data));
}

/** The curve of sRGB, of values that are clamped to [0, 1]. Source: IEC 61966-2-1. */
function fromLinear(value: number): number {
  const v = Math.min(1, Math.max(0, value));
  return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
}

type Row = readonly [number, number, number];
type Matrix = readonly [Row, Row, Row];

// Cone responses. Source: Lam 1985, "Metamerism and color constancy" (Bradford).
const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** Returns the matrix from linear RGB to XYZ. */
function toXyz([red, green, blue, white]: Primaries): Matrix {
  const xyz = ([x, y]: readonly [number, number]): Row => [x / y, 1, (1 - x - y) / y];
  const columns = [xyz(red), xyz(green), xyz(blue)] as const;
  const base = transpose(columns);
  const scale = apply(invert(base), xyz(white));
  return transpose([
    columns[0].map((v) => v * scale[0]) as unknown as Row,
    columns[1].map((v) => v * scale[1]) as unknown as Row,
    columns[2].map((v) => v * scale[2]) as unknown as Row,
  ]);
}

/** Returns the matrix from linear RGB to XYZ under the white of sRGB. */
function adaptWhite(primaries: Primaries): Matrix {
  const matrix = toXyz(primaries);
  const from = apply(BRADFORD, apply(matrix, [1, 1, 1]));
  const to = apply(BRADFORD, apply(toXyz(SRGB_PRIMARIES), [1, 1, 1]));
  const scaled: Matrix = [
    BRADFORD[0].map((v) => v * to[0] / from[0]) as unknown as Row,
    BRADFORD[1].map((v) => v * to[1] / from[1]) as unknown as Row,
    BRADFORD[2].map((v) => v * to[2] / from[2]) as unknown as Row,
  ];
  return multiply(multiply(invert(BRADFORD), scaled), matrix);
}

function transpose([a, b, c]: Matrix): Matrix {
  return [[a[0], b[0], c[0]], [a[1], b[1], c[1]], [a[2], b[2], c[2]]];
}

function apply(matrix: Matrix, [x, y, z]: Row): Row {
  return matrix.map(([a, b, c]) => a * x + b * y + c * z) as unknown as Row;
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return transpose(transpose(b).map((column) => apply(a, column)) as unknown as Matrix);
}

function invert([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((value) => value / determinant)) as unknown as Matrix;
}
