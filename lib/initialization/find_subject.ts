import { neighborsOf } from "../finish/indexed_picture.ts";
import { Image, type ImageSize, type Rgb } from "../image/image.ts";
import { oklabDistance, toOklab } from "../palette/oklab.ts";
import { areasOf, borderPixels, colorAt, flood, squareAround } from "./pixel_areas.ts";
import { OUTSIDE_DISTANCE } from "./plain_background.ts";
import {
  foregroundOf,
  keyShare,
  removeBackground,
  replaceBackground,
  shadowedShare,
} from "./unmix_key.ts";

/** Enclosed colors within this distance are background: there, nothing but the color tells. */
const ENCLOSED_DISTANCE = 0.08;
/** A background of less chroma is too common a color to be seen through the subject. */
const MIN_KEY_CHROMA = 0.1;
/** Before a background of less chroma, such as a dull blue, shadows have the colors of subjects. */
const MIN_SHADOW_CHROMA = 0.25;
/** Enclosed areas below this number of picture pixels are part of the subject. */
const MIN_ENCLOSED_PIXELS = 2;
/** A shadow is transparent where it shows so much of the background, else black. */
const CLEAR_SHARE = 0.5;
/** Colors with less of the background than this are no shadow's: dark purple is common. */
const MIN_SHADOW_SHARE = 0.25;
/** A hole shows the background alone; glass before it tints it everywhere. */
const HOLE_SHARE = 0.95;
/** Share of an enclosed area that shows the background alone, if the area is a hole. */
const MIN_HOLE_PART = 0.1;
/** Share of the image that glass covers, if not less: blur and shadows tint small holes, too. */
const MIN_GLASS_AREA = 1 / 80;
/** Share of glass that must be a mixture of the background and black; a violet orb is no glass. */
const MIN_DARKENED_PART = 0.9;
/** Colors with less of the background than this are left as they are at edges and beside glass. */
const MIN_MIXED_SHARE = 0.1;
/** Colors nearby are those of at most so many rows and columns in each direction. */
const MAX_ROWS_AWAY = 5;
/** What is seen through glass in the result. */
const BEHIND_GLASS: Rgb = [255, 255, 255];

/** A subject before a plain background, at the size of its image. */
export interface FoundSubject {
  /** Which pixels show the subject: 1, else 0, shape [H, W]. */
  readonly inside: Uint8Array;
  /** The same without specks of background: pixels that have a color of the subject. */
  readonly colored: Uint8Array;
  /** The image; where the background shows through the subject, its color is taken out. */
  readonly image: Image;
}

/** An image and its background's color. */
interface KeyedImage {
  readonly image: Image;
  readonly key: Rgb;
  /** Whether the background is so vivid that its tints and shadows can be told. */
  readonly isVivid: boolean;
  /** Size of the picture that the image becomes. */
  readonly size: ImageSize;
  /** Distance of each pixel to the background's color in OKLab. */
  readonly distances: Float64Array;
  /** Share of the background in each pixel that is a mixture of it and black; else 0. */
  readonly shares: Float64Array;
}

/**
 * Finds the subject of an image before a plain background.
 *
 * - What has about the background's color and is connected with the border is background.
 * - If the background is vivid, so are enclosed areas. A larger one that is tinted everywhere
 *   stays: by black it is glass, which is then before white; else it is a color of the subject.
 * - If the background is as vivid as magenta, shadows are found: mixtures of it with black that
 *   touch it. They are background where they show half of it or more, else black.
 *
 * @param size Size of the picture that the image becomes.
 * @param key Color of the background, see `plainBackground`.
 */
export function findSubject(image: Image, size: ImageSize, key: Rgb): FoundSubject {
  const lab = toOklab(key);
  const chroma = Math.hypot(lab[1], lab[2]);
  const count = image.height * image.width;
  const distances = Float64Array.from(
    { length: count },
    (_, i) => oklabDistance(toOklab(colorAt(image, i)), lab),
  );
  const isVivid = chroma >= MIN_SHADOW_CHROMA;
  const shares = isVivid ? sharesOf(image, key) : new Float64Array(distances.length);
  const keyed = { image, key, isVivid, size, distances, shares };
  const isNear = (i: number) => distances[i]! < OUTSIDE_DISTANCE;
  const inside = new Uint8Array(distances.length).fill(1);
  cutAway(inside, flood(image, borderPixels(image).filter(isNear), isNear), keyed);
  if (chroma < MIN_KEY_CHROMA) return { inside, colored: inside, image };
  const { glass, specks } = cutHoles(inside, keyed);
  const colored = inside.slice();
  for (const i of specks) colored[i] = 0;
  const clean = new Image(image, image.data.slice());
  paintShadows(clean, inside, keyed);
  if (isVivid) paintEdges(clean, inside, keyed);
  paintGlass(clean, glass, keyed);
  return { inside, colored, image: clean };
}

/**
 * Takes enclosed areas of background out of the subject, but for glass and small specks. Specks
 * that are in shadow count, too.
 */
function cutHoles(
  inside: Uint8Array,
  keyed: KeyedImage,
): { readonly glass: readonly number[]; readonly specks: readonly number[] } {
  const { image, size, distances, shares } = keyed;
  const minArea = MIN_ENCLOSED_PIXELS * image.height * image.width / (size.height * size.width);
  const isKey = (i: number) => inside[i] === 1 && distances[i]! < ENCLOSED_DISTANCE;
  const isTinted = (i: number) => inside[i] === 1 && shares[i]! >= CLEAR_SHARE;
  const [glass, specks]: [number[], number[]] = [[], []];
  for (const area of areasOf(image, isKey)) {
    const tinted = flood(image, area, isTinted);
    if (area.length < minArea) specks.push(...area);
    else if (isHole(area, tinted, keyed)) cutAway(inside, area, keyed);
    else if (isDarkened(area, keyed)) glass.push(...tinted);
  }
  const known = new Set(glass);
  const isPocket = (i: number) => isTinted(i) && !isKey(i) && !known.has(i);
  const isEnclosed = (area: readonly number[]) =>
    area.every((i) => neighborsOf(image, i).every((other) => inside[other] === 1));
  const pockets = areasOf(image, isPocket)
    .filter((area) => area.length < minArea && isEnclosed(area));
  return { glass, specks: [...specks, ...pockets.flat()] };
}

/**
 * Takes an area of background out of the subject, and the clear shadows that are connected with it.
 * Where a shadow touches the subject, one line of pixels stays: it may be the subject's own edge.
 */
function cutAway(
  inside: Uint8Array,
  area: readonly number[],
  { image, shares }: KeyedImage,
): void {
  for (const i of area) inside[i] = 0;
  const isShadow = (i: number) => inside[i] === 1 && shares[i]! >= CLEAR_SHARE;
  const shadow = flood(image, area, isShadow).slice(area.length);
  for (const i of shadow) inside[i] = 0;
  const edge = shadow.filter((i) => neighborsOf(image, i).some((other) => inside[other] === 1));
  for (const i of edge) inside[i] = 1;
}

/**
 * Tells whether an enclosed area is a hole: it shows the background alone, or is small. Else it is
 * tinted everywhere: glass, or a color of the subject.
 *
 * @param tinted The area with its darker parts.
 */
function isHole(
  area: readonly number[],
  tinted: readonly number[],
  keyed: KeyedImage,
): boolean {
  const { image, key, isVivid } = keyed;
  if (!isVivid) return true;
  const clear = area.filter((i) => keyShare(colorAt(image, i), key) >= HOLE_SHARE);
  return clear.length >= MIN_HOLE_PART * area.length ||
    tinted.length < MIN_GLASS_AREA * image.height * image.width;
}

/** Tells whether an area is the background behind something dark, and no color of the subject. */
function isDarkened(area: readonly number[], { shares }: KeyedImage): boolean {
  return area.filter((i) => shares[i]! > 0).length >= MIN_DARKENED_PART * area.length;
}

/** Returns how many pixels of the image are across a picture's pixel. */
function stepsOfPixel({ image, size }: KeyedImage): number {
  return Math.ceil(Math.max(image.height / size.height, image.width / size.width));
}

/** Paints glass, and what touches it and is mixed with the background, as before white. */
function paintGlass(
  clean: Image,
  glass: readonly number[],
  keyed: KeyedImage,
): void {
  const { image, key } = keyed;
  const isMixed = (i: number) => keyShare(colorAt(image, i), key) >= MIN_MIXED_SHARE;
  for (const i of flood(image, glass, isMixed, stepsOfPixel(keyed))) {
    const color = colorAt(image, i);
    const share = keyShare(color, key);
    clean.data.set(replaceBackground(color, share, { key, behind: BEHIND_GLASS }), i * 4);
  }
}

/** Takes the background's color out of shadows that are connected with the background. */
function paintShadows(
  clean: Image,
  inside: Uint8Array,
  { image, key, shares }: KeyedImage,
): void {
  const outside = [...inside.keys()].filter((i) => inside[i] === 0);
  const isShadow = (i: number) => inside[i] === 1 && shares[i]! >= MIN_SHADOW_SHARE;
  for (const i of flood(image, outside, isShadow).slice(outside.length)) {
    clean.data.set(
      removeBackground(colorAt(image, i), Math.min(shares[i]!, CLEAR_SHARE), key),
      i * 4,
    );
  }
}

/**
 * Takes the background's color out of the subject's edges, as deep as a pixel of the picture. What
 * is a mixture of the background and a color nearby gets that color.
 */
function paintEdges(clean: Image, inside: Uint8Array, keyed: KeyedImage): void {
  const { key } = keyed;
  const source = new Image(clean, clean.data.slice());
  const outside = [...inside.keys()].filter((i) => inside[i] === 0);
  const isMixed = (i: number) =>
    inside[i] === 1 && keyShare(colorAt(source, i), key) >= MIN_MIXED_SHARE;
  const steps = stepsOfPixel(keyed);
  const stride = Math.ceil((steps + 1) / MAX_ROWS_AWAY);
  const radius = stride * Math.min(MAX_ROWS_AWAY, steps + 1);
  const mixed = flood(clean, outside, isMixed, steps).slice(outside.length);
  const isPure = inside.slice();
  for (const i of mixed) isPure[i] = 0;
  for (const i of mixed) {
    const near = squareAround(clean, i, radius, stride).filter((other) => isPure[other] === 1);
    const color = foregroundOf(
      colorAt(source, i),
      key,
      near.map((other) => colorAt(source, other)),
    );
    if (color !== undefined) clean.data.set(color, i * 4);
  }
}

function sharesOf(image: Image, key: Rgb): Float64Array {
  const count = image.height * image.width;
  return Float64Array.from({ length: count }, (_, i) => shadowedShare(colorAt(image, i), key));
}
