import { canny } from "../image/canny.ts";
import { gaussianBlur } from "../image/gaussian_blur.ts";
import { Image } from "../image/image.ts";
import type { ReferenceTensor } from "./reference_file.ts";
import type { Verification } from "./verification.ts";
import { EXACT, type VerifyLine } from "./verify_line.ts";

/** Radius of the reference's blur, in pixels. */
const BLUR_RADIUS = 1;

/** Compares edges, and the blurred pictures in which they are looked for: every pixel. */
export async function* verifyCanny({ file }: Verification): AsyncGenerator<VerifyLine> {
  const [low, high] = file.numbers("thresholds") as [number, number];
  for (const tag of file.captures(/^(\w+)\.image$/)) {
    const image = imageOf(file.tensor(`${tag}.image`));
    const blurred = gaussianBlur(image, BLUR_RADIUS);
    yield file.compare(`${tag}.sharp`, canny(image, { low, high }), EXACT);
    yield file.compare(`${tag}.blurred`, withoutAlpha(blurred), EXACT);
    yield file.compare(`${tag}.blur`, canny(blurred, { low, high }), EXACT);
  }
}

/** Makes a picture of bytes [H, W, 3]. */
function imageOf({ data, shape }: ReferenceTensor): Image {
  const [height, width] = shape as [number, number];
  return Image.fromFloats({ height, width }, data.map((value) => value / 255));
}

function withoutAlpha({ data }: Image): Uint8Array {
  return data.filter((_, i) => i % 4 !== 3);
}
