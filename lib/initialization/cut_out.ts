import { neighborsOf } from "../finish/indexed_picture.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { type Oklab, oklabDistance, toOklab } from "../palette/oklab.ts";
import { findSubject, type FoundSubject } from "./find_subject.ts";
import { colorAt } from "./pixel_areas.ts";
import { borderMedian, plainBackground } from "./plain_background.ts";

/** Pixels at the edge within this distance are mixed with the background. */
const MIXED_DISTANCE = 0.22;
/** Pixels at the edge with so much chroma in the hue of a vivid background are mixed with it. */
const MIXED_CHROMA = 0.05;
/** The hue of a background of less chroma tells nothing. */
const MIN_KEY_CHROMA = 0.1;

/** A subject that was separated from a plain background. */
export interface CutOut {
  /** Which pixels of the picture show the subject: 1, else 0, shape [H, W]. */
  readonly mask: Uint8Array;
  /** Share of each pixel of the picture that shows the subject, in [0, 1], shape [H, W]. */
  readonly coverage: Float64Array;
  /**
   * The image without its background: pixels of the background, and those that are mixed with it,
   * have the color of the nearest pixel of the subject. Those that no picture's pixel of the
   * subject covers have alpha 0.
   */
  readonly subject: Image;
}

/**
 * Separates the subject of an image from a plain background. See `plainBackground` and
 * `findSubject`.
 *
 * @param image Opaque, of the picture's aspect ratio, not smaller than the picture.
 * @param size Size of the picture.
 * @param given The mask, if it is known, such as that of an input image.
 * @returns Undefined if there is no plain background, or nothing else.
 */
export function cutOut(image: Image, size: ImageSize, given?: Uint8Array): CutOut | undefined {
  const key = plainBackground(image) ?? (given ? borderMedian(image) : undefined);
  if (key === undefined) return undefined;
  const found = given ? maskedSubject(image, size, given) : findSubject(image, size, key);
  const { inside } = found;
  const coverage = given ? Float64Array.from(given) : coverageOf(inside, image, size);
  // Half of a pixel is enough.
  const mask = given ?? Uint8Array.from(coverage, (share) => share >= 0.5 ? 1 : 0);
  const count = mask.reduce((sum, value) => sum + value, 0);
  if (count === 0 || (count === mask.length && !given)) return undefined;
  const pure = pureSubject(image, found.colored, mixedWith(toOklab(key), found.image));
  return { mask, coverage, subject: spread(found.image, pure, size) };
}

function maskedSubject(image: Image, size: ImageSize, mask: Uint8Array): FoundSubject {
  const inside = enlargeMask(mask, size, image);
  return { inside, colored: inside, image };
}

/** Returns the pixels of the subject whose color is not mixed with the background. */
function pureSubject(
  image: Image,
  colored: Uint8Array,
  isMixed: (pixel: number) => boolean,
): Uint8Array {
  return colored.map((value, i) => {
    if (value === 0) return 0;
    const isEdge = neighborsOf(image, i).some((other) => colored[other] === 0);
    return isEdge && isMixed(i) ? 0 : 1;
  });
}

/** Tells whether the color of a pixel at the subject's edge is mixed with the background. */
function mixedWith(key: Oklab, image: Image): (pixel: number) => boolean {
  const chroma = Math.hypot(key[1], key[2]);
  return (pixel) => {
    const lab = toOklab(colorAt(image, pixel));
    if (oklabDistance(lab, key) < MIXED_DISTANCE) return true;
    return chroma >= MIN_KEY_CHROMA && (lab[1] * key[1] + lab[2] * key[2]) / chroma > MIXED_CHROMA;
  };
}

/** Gives pixels outside of a mask the color of the nearest one in it. */
function spread(image: Image, pure: Uint8Array, size: ImageSize): Image {
  const result = new Image(image, image.data.slice());
  const known = pure.some((value) => value === 1) ? pure.slice() : pure.map(() => 1);
  const rounds = Math.ceil(Math.max(image.height / size.height, image.width / size.width)) + 1;
  let front = [...known.keys()].filter((i) => known[i] === 1);
  for (let round = 0; front.length > 0; round++) {
    const next: number[] = [];
    for (const i of front) {
      for (const other of neighborsOf(image, i)) {
        if (known[other] === 1) continue;
        known[other] = 1;
        result.data.copyWithin(other * 4, i * 4, i * 4 + 4);
        if (round >= rounds) result.data[other * 4 + 3] = 0;
        next.push(other);
      }
    }
    front = next;
  }
  return result;
}

/** Returns the share of each pixel of the picture that is inside. */
function coverageOf(inside: Uint8Array, image: ImageSize, size: ImageSize): Float64Array {
  const counts = new Float64Array(size.height * size.width);
  const totals = new Float64Array(counts.length);
  for (const [i, value] of inside.entries()) {
    const pixel = pictureTile(i, image, size);
    counts[pixel]! += value;
    totals[pixel]! += 1;
  }
  return counts.map((count, i) => count / totals[i]!);
}

function enlargeMask(mask: Uint8Array, size: ImageSize, image: ImageSize): Uint8Array {
  const { height, width } = image;
  return Uint8Array.from({ length: height * width }, (_, i) => mask[pictureTile(i, image, size)]!);
}

/** Returns the pixel of the picture in whose area a pixel of the image lies. */
function pictureTile(pixel: number, image: ImageSize, size: ImageSize): number {
  const x = Math.floor(pixel % image.width * size.width / image.width);
  const y = Math.floor(Math.floor(pixel / image.width) * size.height / image.height);
  return y * size.width + x;
}
