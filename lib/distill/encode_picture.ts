import { encodeResize } from "../../kernels/augment/resize.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { StepParts } from "./distill_step.ts";

/** What encodes a picture; all of it is borrowed. */
export type EncodedParts = Pick<
  StepParts,
  "gpu" | "config" | "distillation" | "teacherSize" | "generator"
>;

/**
 * Encodes the picture of a generator as the teacher sees it: that of the likeliest colors, strays
 * settled as configured, enlarged as a step enlarges it, and not changed at random.
 *
 * @returns Scaled latents, shape [1, 4, h, w].
 */
export async function encodePicture(parts: EncodedParts): Promise<Float32Array> {
  const { gpu, generator, teacherSize, distillation, config } = parts;
  const { height, width } = generator.size;
  const colors = generator.palette.toFloats();
  const indices = await generator.argmax(config.generator);
  const picture = new Float32Array(indices.length * 3);
  for (const [i, k] of indices.entries()) picture.set(colors.subarray(k * 3, k * 3 + 3), i * 3);
  using image = GpuTensor.from(gpu, picture, [height, width, 3], "judged picture");
  const seenShape = [1, 3, teacherSize.height, teacherSize.width];
  using seen = GpuTensor.zeros(gpu, seenShape, "judged picture, enlarged");
  gpu.submit((pass) =>
    encodeResize(pass, { image, out: seen }, { mode: config.training.resizeMode, layout: "hwc" })
  );
  return await distillation.encode(seen);
}
