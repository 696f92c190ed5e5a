import { inflateSync } from "node:zlib";
import { type ColorProfile, type Primaries, SRGB_PRIMARIES } from "./color_profile.ts";
import { viewOf } from "./byte_view.ts";

/** The maximum size of an ICC profile in bytes; larger ones are ignored. */
const MAX_PROFILE_BYTES = 2 ** 24;

/** Chunks of a PNG file that tell its color space, by type. */
export type ColorChunks = ReadonlyMap<string, Uint8Array>;

/**
 * Returns the color space of a PNG file, as browsers do: from the chunk cICP, else iCCP, else sRGB,
 * else gAMA and cHRM.
 *
 * Source: PNG specification, third edition, section 4.3.
 *
 * @returns The profile, undefined for sRGB; and a note if it cannot be used.
 */
export function pngProfile(
  chunks: ColorChunks,
): { profile: ColorProfile | undefined; notes: string[] } {
  const cicp = chunks.get("cICP");
  const icc = chunks.get("iCCP");
  try {
    if (cicp !== undefined) return { profile: cicpProfile(cicp), notes: [] };
    if (icc !== undefined) return { profile: iccProfile(icc), notes: [] };
  } catch {
    return { profile: undefined, notes: ["its color profile cannot be used and is ignored"] };
  }
  if (chunks.has("sRGB")) return { profile: undefined, notes: [] };
  return { profile: gammaProfile(chunks.get("gAMA"), chunks.get("cHRM")), notes: [] };
}

function iccProfile(data: Uint8Array): ColorProfile {
  const end = data.indexOf(0);
  const bytes = inflateSync(data.subarray(end + 2), { maxOutputLength: MAX_PROFILE_BYTES });
  return { kind: "icc", bytes };
}

const SRGB_CURVE = (value: number) =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const BT709_CURVE = (value: number) =>
  value < 0.081 ? value / 4.5 : ((value + 0.099) / 1.099) ** (1 / 0.45);

const D65 = SRGB_PRIMARIES[3];

// Source: ITU-T H.273, table 2.
const CICP_PRIMARIES: Readonly<Record<number, Primaries>> = {
  1: SRGB_PRIMARIES,
  5: [[0.64, 0.33], [0.29, 0.6], [0.15, 0.06], D65],
  6: [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07], D65],
  9: [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65],
  12: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65],
};

// Source: ITU-T H.273, table 3.
const CICP_CURVES: Readonly<Record<number, (value: number) => number>> = {
  1: BT709_CURVE,
  4: (value) => value ** 2.2,
  5: (value) => value ** 2.8,
  6: BT709_CURVE,
  8: (value) => value,
  13: SRGB_CURVE,
  14: BT709_CURVE,
  15: BT709_CURVE,
};

function cicpProfile([primaries, curve, matrix, isFull]: Uint8Array): ColorProfile | undefined {
  if (primaries === 1 && curve === 13) return undefined;
  const known = CICP_PRIMARIES[primaries!];
  const toLinear = CICP_CURVES[curve!];
  if (known === undefined || toLinear === undefined || matrix !== 0 || isFull !== 1) {
    throw new SyntaxError("unknown color space");
  }
  return { kind: "primaries", toLinear, primaries: known };
}

/** gAMA of sRGB as programs write it, in 1/100,000. */
const SRGB_GAMMA = 45455;

function gammaProfile(
  gAMA: Uint8Array | undefined,
  cHRM: Uint8Array | undefined,
): ColorProfile | undefined {
  const gamma = gAMA?.length === 4 ? viewOf(gAMA).getUint32(0) : SRGB_GAMMA;
  const primaries = cHRM?.length === 32 ? readChromaticities(cHRM) : SRGB_PRIMARIES;
  // A gamma of 1/2.2 stands for the curve of sRGB.
  const isSrgbCurve = gamma === 0 || Math.abs(gamma - SRGB_GAMMA) < 1000;
  const isSrgbGamut = primaries.flat().every((value, i) =>
    Math.abs(value - SRGB_PRIMARIES.flat()[i]!) < 0.002
  );
  const isValid = primaries.every(([x, y]) => x > 0 && y > 0 && x + y <= 1);
  if (!isValid || isSrgbCurve && isSrgbGamut) return undefined;
  return {
    kind: "primaries",
    toLinear: isSrgbCurve ? SRGB_CURVE : (value) => value ** (100_000 / gamma),
    primaries: isSrgbGamut ? SRGB_PRIMARIES : primaries,
  };
}

function readChromaticities(cHRM: Uint8Array): Primaries {
  const view = viewOf(cHRM);
  const at = (i: number) =>
    [view.getUint32(i * 8) / 100_000, view.getUint32(i * 8 + 4) / 100_000] as const;
  return [at(1), at(2), at(3), at(0)];
}
