import { canny } from "../image/canny.ts";
import { gaussianBlur } from "../image/gaussian_blur.ts";
import { Image } from "../image/image.ts";
import type { ReferenceTensor } from "./reference_file.ts";
import type { Verification } from "./verification.ts";
import { EXACT, type TensorComparison } from "./tensor_comparison.ts";

/** Radius of the blur in the reference, in pixels. */
const BLUR_RADIUS = 1;

/** Compares edges and blurred images, pixel by pixel. */
export async function* verifyCanny({ file }: Verification): AsyncGenerator<TensorComparison> {
  const [low, high] = file.numbers("thresholds") as [number, number];
  for (const tag of file.captures(/^(\w+)\.image$/)) {
    const image = imageOf(file.tensor(`${tag}.image`));
    const blurred = gaussianBlur(image, BLUR_RADIUS);
    yield file.compare(`${tag}.sharp`, canny(image, { low, high }), EXACT);
    yield file.compare(`${tag}.blurred`, withoutAlpha(blurred), EXACT);
    yield file.compare(`${tag}.blur`, canny(blurred, { low, high }), EXACT);
  }
}

/** Creates an image from bytes, shape [H, W, 3]. */
function imageOf({ data, shape }: ReferenceTensor): Image {
  const [height, width] = shape as [number, number];
  return Image.fromFloats({ height, width }, data.map((value) => value / 255));
}

function withoutAlpha({ data }: Image): Uint8Array {
  return data.filter((_, i) => i % 4 !== 3);
}
