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
 * Chooses the size of the teacher's image for a picture.
 *
 * Height and width are multiples of `multiple`. They minimize 4 |log aspect ratio| + |log area|,
 * relative to the aspect ratio of the picture and the native area; the smaller size wins ties. A
 * square picture gets the native size of a square teacher. A picture of 32x48 pixels gets 96x144
 * from a teacher of 128x128 pixels with multiples of 16, and 832x1248 from one of 1024x1024 with
 * multiples of 32.
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

/** Lists sizes with a height from half to twice the ideal height, smallest first. */
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
 * Returns the number of pixels of which height and width of a teacher's image must be multiples:
 * the downsampling factor of the autoencoder times that of the UNet. Other sizes would not fit the
 * UNet's skip connections.
 */
export function sizeMultiple({ vae, unet }: Pick<TeacherFolder, "vae" | "unet">): number {
  return vae.factor * 2 ** (unet.downBlocks.length - 1);
}
