import type { RunConfig } from "../../../config/run_config.ts";
import { type ImageSize, sizeText } from "../../image/image.ts";
import { fitWithin } from "../../image/resize_image.ts";

/** A crop that shows less than this share of the image is noted. */
const MIN_CROP_SHARE = 0.75;
/** An image that takes less than this share of the picture is noted. */
const MIN_FIT_SHARE = 0.25;

/**
 * Lists what the fit of an input image leaves of it, one sentence each.
 *
 * @param image Size of the image.
 * @param picture Size of the picture.
 */
export function imageNotes(
  image: ImageSize,
  picture: ImageSize,
  fit: RunConfig["generator"]["imageFit"],
): string[] {
  const aspect = (image.width / image.height) / (picture.width / picture.height);
  const share = Math.min(aspect, 1 / aspect);
  const size = `the image of ${sizeText(image)} pixels`;
  if (fit === "crop") {
    if (share >= MIN_CROP_SHARE) return [];
    const percent = Number((share * 100).toPrecision(2));
    return [
      `"--fit" crop shows the middle ${percent} % of ${size}; --fit fit or pad shows all of it`,
    ];
  }
  if (share >= MIN_FIT_SHARE) return [];
  const inner = sizeText(fitWithin(image, picture));
  return [
    `"--fit" ${fit} shows ${size} in ${inner} of the picture's ${sizeText(picture)} pixels; ` +
    "--fit crop fills it",
  ];
}
