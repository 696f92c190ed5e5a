import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { encodePng } from "../../image/encode_png.ts";
import { enlargementFactor, enlargeNearest } from "../../image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../../image/image.ts";
import { entropyMap, laplacianMap, latentGradientMap } from "../../outputs/maps/step_maps.ts";
import { encodePicture } from "../../outputs/final_images.ts";
import type { RunPicture } from "../../run/run_picture.ts";
import { writeFileInFolder } from "../../files/write_file.ts";
import type { Run } from "../../distill/run.ts";
import type { StepMetrics } from "../../run/step_report.ts";

/**
 * Writes the initial picture of a run under SD-piXL's name, `png_logs/00_initialization.png`.
 *
 * @param options.savingResize As of {@linkcode writeStepPictures}.
 * @throws {OutputError} If it cannot be written.
 */
export async function writeInitialization(
  folder: string,
  result: RunPicture,
  { savingResize }: Pick<RunConfig, "savingResize">,
): Promise<void> {
  const png = encodePicture(result, factorOf(result, savingResize));
  await writeFileInFolder(join(folder, "png_logs", "00_initialization.png"), png);
}

/**
 * Writes the picture after a step under SD-piXL's names: `png_logs/<step>_hard.png` and, as a
 * mixture, `png_logs/<step>_soft.png`.
 *
 * @param options.savingResize Approximate longer side of the files in pixels; 0 keeps their size.
 * @throws {OutputError} If one cannot be written.
 */
export async function writeStepPictures(
  folder: string,
  { step, result }: { readonly step: Pick<StepMetrics, "step">; readonly result: RunPicture },
  { savingResize }: Pick<RunConfig, "savingResize">,
): Promise<void> {
  const path = join(folder, "png_logs", String(step.step));
  await writeHardAndSoft(path, result, { savingResize });
}

/**
 * Writes the intermediate images of a step under SD-piXL's names:
 *
 * - `png_logs/<step>_hard_gumbel.png` and `_soft_gumbel.png`: the picture with the step's noise.
 * - `png_logs/<step>_augmented.png`: the augmented image that the teacher saw.
 * - `entropy/<step>_normalized_entropy.png`: entropy of each pixel after the step.
 * - `gradients/<step>_grad_<timestep>.png`: the gradient at the latents, decoded.
 * - `gradients/<step>_grad_length_<timestep>.png`: its length; SD-piXL has no such file.
 * - `laplacian/<step>_laplacian.png`: only with a Laplacian loss.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeStepViews(
  folder: string,
  { step: { step, timestep }, run, result }: {
    readonly step: StepMetrics;
    readonly run: Pick<Run, "stepViews" | "gradientImage" | "entropy">;
    /** The picture after the step. */
    readonly result: RunPicture;
  },
  { savingResize, generator, training }: Pick<
    RunConfig,
    "savingResize" | "generator" | "training"
  >,
): Promise<void> {
  const [views, entropy] = await Promise.all([run.stepViews(), run.entropy()]);
  const gradientImage = await run.gradientImage();
  const log = join(folder, "png_logs", String(step));
  if (generator.gumbel) {
    const noisy = { ...result, indices: views.indices, softmax: views.mixture };
    await writeHardAndSoft(log, noisy, { savingResize, ending: "_gumbel" });
  }
  await writeFileInFolder(`${log}_augmented.png`, encodePng(views.augmented));
  const entropyImage = entropyMap(result, entropy, result.palette.size);
  await writeFileInFolder(
    join(folder, "entropy", `${step}_normalized_entropy.png`),
    encodeLarge(entropyImage, savingResize),
  );
  const gradients = join(folder, "gradients");
  await writeFileInFolder(
    join(gradients, `${step}_grad_${timestep}.png`),
    encodePng(gradientImage),
  );
  const { data, shape } = views.gradLatents;
  await writeFileInFolder(
    join(gradients, `${step}_grad_length_${timestep}.png`),
    encodeLarge(latentGradientMap(data, shape), savingResize),
  );
  if (training.laplacianScale === 0) return;
  const { colors } = result.palette;
  const seen = generator.smoothSoftmax
    ? views.mixture
    : Image.fromIndices(result, views.indices, colors).toFloats();
  const weights = { kernelSize: training.laplacianKernel, sigma: training.laplacianSigma };
  await writeFileInFolder(
    join(folder, "laplacian", `${step}_laplacian.png`),
    encodeLarge(laplacianMap(result, seen, weights), savingResize),
  );
}

async function writeHardAndSoft(
  path: string,
  result: RunPicture,
  { savingResize, ending = "" }: { readonly savingResize: number; readonly ending?: string },
): Promise<void> {
  const hard = encodePicture(result, factorOf(result, savingResize));
  await writeFileInFolder(`${path}_hard${ending}.png`, hard);
  const soft = Image.fromFloats(result, result.softmax);
  await writeFileInFolder(`${path}_soft${ending}.png`, encodeLarge(soft, savingResize));
}

function encodeLarge(image: Image, savingResize: number): Uint8Array<ArrayBuffer> {
  return encodePng(enlargeNearest(image, factorOf(image, savingResize)));
}

function factorOf(size: ImageSize, savingResize: number): number {
  return savingResize > 0 ? enlargementFactor(size, savingResize) : 1;
}
