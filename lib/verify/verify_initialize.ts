import { type ColorSimilarity, colorTargets } from "../initialization/color_targets.ts";
import { interpolateColors } from "../initialization/interpolate_colors.ts";
import { majorityClasses, sampledClasses } from "../initialization/pixel_classes.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import { Palette } from "../palette/palette.ts";
import type { ReferenceFile, ReferenceTensor } from "./reference_file.ts";
import type { Verification } from "./verification.ts";
import { EXACT, KERNEL, type TensorComparison } from "./tensor_comparison.ts";

const MODES = ["bilinear", "nearest"] as const;
const DISTANCES: readonly ColorSimilarity[] = ["l1", "l2", "cosine_similarity"];

/** Compares the logits that are initialized from an image, by method and distance. */
export async function* verifyInitialize({ file }: Verification): AsyncGenerator<TensorComparison> {
  const image = imageOf(file.tensor("image"));
  const palette = paletteOf(file.tensor("palette"));
  yield* verifyInterpolated(file, image, palette);
  yield* verifyMajority(file, image, palette);
  yield* verifySampled(file, image);
}

function* verifyInterpolated(
  file: ReferenceFile,
  image: Image,
  palette: Palette,
): Generator<TensorComparison> {
  for (const mode of MODES) {
    for (const distance of DISTANCES) {
      const name = `palette-${mode}.${distance}`;
      if (!file.has(name)) continue;
      const colors = interpolateColors(image, sizeOf(file.tensor(name)), mode);
      const targets = colorTargets(colors, palette, distance);
      yield file.compare(name, targets, KERNEL);
      if (!file.has(`${name}.image`)) continue;
      yield file.compare(`${name}.image`, maxColors(targets, palette), KERNEL);
    }
  }
}

function* verifyMajority(
  file: ReferenceFile,
  image: Image,
  palette: Palette,
): Generator<TensorComparison> {
  const size = sizeOf(file.tensor("palette.classes"));
  const { classes } = majorityClasses(image, size, palette, { crops: true });
  yield file.compare("palette.classes", classes, EXACT);
  const colors = Float32Array.from(
    Array.from(classes).flatMap((k) => [...palette.at(k)]),
    (value) => value / 255,
  );
  for (const distance of DISTANCES) {
    const name = `palette.${distance}`;
    if (!file.has(name)) continue;
    // The reference adds 1 to negative distances, which centering removes.
    const offset = distance === "cosine_similarity" ? 0 : Math.sqrt(palette.size);
    const targets = colorTargets(colors, palette, distance).map((value) => value + offset);
    yield file.compare(name, targets, KERNEL);
  }
}

function* verifySampled(file: ReferenceFile, image: Image): Generator<TensorComparison> {
  const { classes, palette } = sampledClasses(image, sizeOf(file.tensor("nearest.classes")));
  yield file.compare("nearest.classes", classes, EXACT);
  yield file.compare("nearest.palette", palette.colors, EXACT);
}

/** Returns the color with the max target of each pixel. */
function maxColors(targets: Float32Array, palette: Palette): Float32Array {
  const colors = palette.toFloats();
  const count = palette.size;
  return Float32Array.from(
    Array.from({ length: targets.length / count }, (_, i) => {
      const row = targets.subarray(i * count, (i + 1) * count);
      const best = row.indexOf(row.reduce((max, value) => Math.max(max, value)));
      return [...colors.subarray(best * 3, best * 3 + 3)];
    }).flat(),
  );
}

function sizeOf({ shape }: ReferenceTensor): ImageSize {
  return { height: shape[0]!, width: shape[1]! };
}

function paletteOf({ data }: ReferenceTensor): Palette {
  return new Palette("reference", Uint8Array.from(data));
}

function imageOf({ data, shape }: ReferenceTensor): Image {
  return imageFromPlanes(data, shape);
}
