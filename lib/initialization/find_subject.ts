import { Image, type ImageSize, type Rgb } from "../image/image.ts";
import { type Oklab, oklabDistance, toOklab } from "../palette/oklab.ts";
import { borderPixels, flood, neighborsOf } from "./pixel_areas.ts";
import { keyShare, removeBackground, replaceBackground, shadowedShare } from "./unmix_key.ts";

/** Colors within this distance of the background, in OKLab, are background if they touch it. */
const OUTSIDE_DISTANCE = 0.12;
/** The same for areas that the subject encloses: there, nothing but the color tells. */
const ENCLOSED_DISTANCE = 0.08;
/** A background of less chroma is too common a color to be seen through the subject. */
const MIN_KEY_CHROMA = 0.1;
/** Before a background of less chroma, such as a dull blue, shadows have the colors of subjects. */
const MIN_SHADOW_CHROMA = 0.25;
/** Share of the border that must have the color of the background. */
const MIN_BORDER_SHARE = 0.5;
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
/** Glass has at least this number of picture pixels: blur tints small holes everywhere, too. */
const MIN_GLASS_PIXELS = 8;
/** Colors with less of the background than this are left as they are beside glass. */
const MIN_GLASS_SHARE = 0.1;
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
 * - If the background is vivid, so are enclosed areas. A larger one that is tinted everywhere is
 *   glass: it stays, before white.
 * - If the background is as vivid as magenta, shadows are found: mixtures of it with black that
 *   touch it. They are background where they show half of it or more, else black.
 *
 * @param size Size of the picture that the image becomes.
 * @param key Color of the background.
 * @returns Undefined if the background is not plain.
 */
export function findSubject(image: Image, size: ImageSize, key: Rgb): FoundSubject | undefined {
  const lab = toOklab(key);
  const chroma = Math.hypot(lab[1], lab[2]);
  const distances = Float64Array.from(labsOf(image), (other) => oklabDistance(other, lab));
  const shares = chroma < MIN_SHADOW_CHROMA
    ? new Float64Array(distances.length)
    : sharesOf(image, key);
  const keyed = { image, key, size, distances, shares };
  const border = borderPixels(image).filter((i) => distances[i]! < OUTSIDE_DISTANCE);
  if (border.length < MIN_BORDER_SHARE * borderPixels(image).length) return undefined;
  const inside = new Uint8Array(distances.length).fill(1);
  cutAway(inside, flood(image, border, (i) => distances[i]! < OUTSIDE_DISTANCE), keyed);
  if (chroma < MIN_KEY_CHROMA) return { inside, colored: inside, image };
  const { glass, specks } = cutHoles(inside, keyed);
  const colored = inside.slice();
  for (const i of specks) colored[i] = 0;
  const clean = new Image(image, image.data.slice());
  paintShadows(clean, colored, keyed);
  paintGlass(clean, glass, keyed);
  return { inside, colored, image: clean };
}

/** Takes enclosed areas of background out of the subject, but for glass and small specks. */
function cutHoles(
  inside: Uint8Array,
  keyed: KeyedImage,
): { readonly glass: readonly number[]; readonly specks: readonly number[] } {
  const { image, distances } = keyed;
  const isKey = (i: number) => inside[i] === 1 && distances[i]! < ENCLOSED_DISTANCE;
  const seen = new Uint8Array(distances.length);
  const [glass, specks]: [number[], number[]] = [[], []];
  for (const i of distances.keys()) {
    if (seen[i] === 1 || !isKey(i)) continue;
    const area = flood(image, [i], isKey);
    for (const other of area) seen[other] = 1;
    const isSpeck = area.length < MIN_ENCLOSED_PIXELS * areaOfPixel(keyed);
    const glassArea = isSpeck ? undefined : glassOf(area, inside, keyed);
    if (isSpeck) specks.push(...area);
    else if (glassArea) glass.push(...glassArea);
    else cutAway(inside, area, keyed);
  }
  return { glass, specks };
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
 * Returns the glass that an enclosed area belongs to, with its darker parts; undefined for a hole.
 * Glass is tinted everywhere, and not small.
 */
function glassOf(
  area: readonly number[],
  inside: Uint8Array,
  keyed: KeyedImage,
): readonly number[] | undefined {
  const { image, key, shares } = keyed;
  if (area.some((i) => shares[i] === 0)) return undefined;
  const clear = area.filter((i) => keyShare(colorAt(image, i), key) >= HOLE_SHARE);
  if (clear.length >= MIN_HOLE_PART * area.length) return undefined;
  const isTinted = (i: number) => inside[i] === 1 && shares[i]! >= CLEAR_SHARE;
  const glass = flood(image, area, isTinted);
  return glass.length < MIN_GLASS_PIXELS * areaOfPixel(keyed) ? undefined : glass;
}

/** Returns how many pixels of the image a picture's pixel covers. */
function areaOfPixel({ image, size }: KeyedImage): number {
  return image.height * image.width / (size.height * size.width);
}

/** Paints glass, and what touches it and is mixed with the background, as before white. */
function paintGlass(
  clean: Image,
  glass: readonly number[],
  { image, key, size }: KeyedImage,
): void {
  const isMixed = (i: number) => keyShare(colorAt(image, i), key) >= MIN_GLASS_SHARE;
  const steps = Math.ceil(Math.max(image.height / size.height, image.width / size.width));
  for (const i of flood(image, glass, isMixed, steps)) {
    const color = colorAt(image, i);
    const share = keyShare(color, key);
    clean.data.set(replaceBackground(color, share, { key, behind: BEHIND_GLASS }), i * 4);
  }
}

/** Takes the background's color out of shadows that are connected with the background. */
function paintShadows(
  clean: Image,
  colored: Uint8Array,
  { image, key, shares }: KeyedImage,
): void {
  const outside = [...colored.keys()].filter((i) => colored[i] === 0);
  const isShadow = (i: number) => colored[i] === 1 && shares[i]! >= MIN_SHADOW_SHARE;
  for (const i of flood(image, outside, isShadow).slice(outside.length)) {
    clean.data.set(
      removeBackground(colorAt(image, i), Math.min(shares[i]!, CLEAR_SHARE), key),
      i * 4,
    );
  }
}

function sharesOf(image: Image, key: Rgb): Float64Array {
  const count = image.height * image.width;
  return Float64Array.from({ length: count }, (_, i) => shadowedShare(colorAt(image, i), key));
}

/** Converts the colors of an image to OKLab. */
export function labsOf(image: Image): Oklab[] {
  const count = image.height * image.width;
  return Array.from({ length: count }, (_, i) => toOklab(colorAt(image, i)));
}

function colorAt({ data }: Image, pixel: number): Rgb {
  return [data[pixel * 4]!, data[pixel * 4 + 1]!, data[pixel * 4 + 2]!];
}
