/**
 * Lists the enclosed areas of samples that have about the background's color, but nowhere its very
 * color: glass, and gaps that are tinted by a shadow or by blur.
 *
 * deno run --allow-read tests/bench/transparency/list_tinted_areas.ts \
 *   workdir/game48/draft/<folder>/<run>/sd_samples/<sample>.png ...
 */
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import type { Image } from "../../../lib/image/image.ts";
import { areasOf, borderPixels, colorAt, flood } from "../../../lib/initialization/pixel_areas.ts";
import { OUTSIDE_DISTANCE, plainBackground } from "../../../lib/initialization/plain_background.ts";
import { keyShare, shadowedShare } from "../../../lib/initialization/unmix_key.ts";
import { oklabDistance, toOklab } from "../../../lib/palette/oklab.ts";

// As in `lib/initialization/find_subject.ts`.
const ENCLOSED_DISTANCE = 0.08;
const HOLE_SHARE = 0.95;
const MIN_HOLE_PART = 0.1;
const CLEAR_SHARE = 0.5;
const MIN_AREA = 32;

/** Describes the tinted areas of an image. All sizes are in its pixels. */
function tintedAreas(image: Image): string[] {
  const key = plainBackground(image);
  if (key === undefined) return [];
  const count = image.height * image.width;
  const colors = Array.from({ length: count }, (_, i) => colorAt(image, i));
  const distances = colors.map((color) => oklabDistance(toOklab(color), toOklab(key)));
  const dark = colors.map((color) => shadowedShare(color, key));
  const isOutside = (i: number) => distances[i]! < OUTSIDE_DISTANCE || dark[i]! >= CLEAR_SHARE;
  const outside = new Set(flood(image, borderPixels(image).filter(isOutside), isOutside));
  const isKey = (i: number) => !outside.has(i) && distances[i]! < ENCLOSED_DISTANCE;
  return areasOf(image, isKey).filter((area) => area.length >= MIN_AREA).flatMap((area) => {
    const clear = area.filter((i) => keyShare(colors[i]!, key) >= HOLE_SHARE).length;
    if (clear >= MIN_HOLE_PART * area.length) return [];
    const whole = flood(image, area, (i) => !outside.has(i) && dark[i]! >= CLEAR_SHARE);
    const darkened = area.filter((i) => dark[i]! > 0).length / area.length;
    return [
      `${area.length} pixels, with darker parts ${whole.length}; ` +
      `${darkened.toFixed(2)} are a mixture with black`,
    ];
  });
}

if (import.meta.main) {
  for (const path of Deno.args) {
    const image = await decodeImage(await Deno.readFile(path), { name: path });
    for (const line of tintedAreas(image)) {
      Deno.stdout.writeSync(new TextEncoder().encode(`${path}: ${line}\n`));
    }
  }
}
