import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ImageSize } from "../image/image.ts";

/** Options of {@linkcode chooseTeacherSize}. */
export interface TeacherSizeOptions {
  /** Size of the images that the teacher was trained on, in pixels. */
  readonly native: ImageSize;
  /** Number of pixels of which height and width must be multiples. */
  readonly multiple: number;
}

/** A wrong aspect ratio is more visible than a wrong size. */
const STRETCH_COST = 4;

/**
 * Chooses the size of the image that a teacher sees of a picture.
 *
 * Its sides are multiples of `multiple`; of all such sizes it is the one whose aspect ratio is
 * nearest to the picture's and whose area is nearest to the native one: the least
 * 4 |log aspect ratio| + |log area|, the smaller one on ties. A square picture gets the native size
 * of a square teacher; a picture of 32x48 pixels gets 96x144 of a teacher of 128x128 pixels with
 * multiples of 16, and 832x1248 of one of 1024x1024 with multiples of 32.
 */
export function chooseTeacherSize(picture: ImageSize, options: TeacherSizeOptions): ImageSize {
  const { native, multiple } = options;
  const area = native.height * native.width;
  const aspect = picture.width / picture.height;
  const cost = ({ height, width }: ImageSize) =>
    STRETCH_COST * Math.abs(Math.log(width / height / aspect)) +
    Math.abs(Math.log(height * width / area));
  return candidates(Math.sqrt(area / aspect), aspect, multiple)
    .reduce((best, size) => cost(size) < cost(best) - 1e-9 ? size : best);
}

/** Lists sizes with a height from half to twice the ideal one, the smallest first. */
function candidates(height: number, aspect: number, multiple: number): ImageSize[] {
  const first = Math.max(1, Math.floor(height / 2 / multiple));
  const last = Math.ceil(2 * height / multiple);
  const rows = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return rows.flatMap((row) => {
    const column = Math.max(1, Math.floor(row * aspect));
    return [column, column + 1].map((count) => ({
      height: row * multiple,
      width: count * multiple,
    }));
  });
}

/**
 * Returns what both sides of a teacher's image must be multiples of, in pixels: the autoencoder's
 * factor times the downsampling of the UNet, whose way up meets its way down at every level.
 */
export function sideMultiple({ vae, unet }: Pick<TeacherFolder, "vae" | "unet">): number {
  return vae.factor * 2 ** (unet.downBlocks.length - 1);
}
