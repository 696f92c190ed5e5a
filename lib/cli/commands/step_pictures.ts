import { join } from "node:path";
import type { RunConfig } from "../../../config/run_config.ts";
import { encodePng } from "../../image/encode_png.ts";
import { enlargementFactor, enlargeNearest } from "../../image/enlarge_nearest.ts";
import { Image, type ImageSize } from "../../image/image.ts";
import { entropyMap } from "../../outputs/maps/entropy_map.ts";
import { encodeEnlargedPng, type RunResult } from "../../outputs/final_images.ts";
import { laplacianMap } from "../../outputs/maps/laplacian_map.ts";
import { latentGradientMap } from "../../outputs/maps/latent_gradient_map.ts";
import { writeFileInFolder } from "../../files/write_file.ts";
import type { EngineRun, EngineStep } from "./engine.ts";

/**
 * Writes the picture that a run begins with under SD-piXL's name, `png_logs/00_initialization.png`.
 *
 * @param options.savingResize As of {@linkcode writeStepPictures}.
 * @throws {OutputError} If it cannot be written.
 */
export async function writeInitialization(
  folder: string,
  result: RunResult,
  { savingResize }: Pick<RunConfig, "savingResize">,
): Promise<void> {
  const png = encodeEnlargedPng(result, factorOf(result, savingResize));
  await writeFileInFolder(join(folder, "png_logs", "00_initialization.png"), png);
}

/**
 * Writes the picture after a step under SD-piXL's names: `png_logs/<step>_hard.png` and, as a
 * mixture, `png_logs/<step>_soft.png`.
 *
 * @param options.savingResize Longer side of the files in pixels, about, as pixels become squares;
 * 0 keeps their size.
 * @throws {OutputError} If one cannot be written.
 */
export async function writeStepPictures(
  folder: string,
  { step, result }: { readonly step: EngineStep; readonly result: RunResult },
  { savingResize }: Pick<RunConfig, "savingResize">,
): Promise<void> {
  const path = join(folder, "png_logs", String(step.step));
  await writeHardAndSoft(path, result, { savingResize });
}

/**
 * Writes what a step worked with, and how undecided the picture is after it, under SD-piXL's names:
 * `png_logs/<step>_hard_gumbel.png` and `_soft_gumbel.png` with the noise of the step,
 * `png_logs/<step>_augmented.png` as the teacher saw it,
 * `entropy/<step>_normalized_entropy.png`, the gradient at the latents as the teacher's autoencoder
 * decodes it, `gradients/<step>_grad_<timestep>.png`, with a map of its length (ours),
 * `gradients/<step>_grad_length_<timestep>.png`, and where there is a Laplacian loss,
 * `laplacian/<step>_laplacian.png`.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeStepViews(
  folder: string,
  { step: { step, timestep }, run, result }: {
    readonly step: EngineStep;
    readonly run: Pick<EngineRun, "stepViews" | "gradientImage" | "entropy">;
    /** The picture after the step. */
    readonly result: RunResult;
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
  const undecided = entropyMap(result, entropy, result.palette.size);
  await writeFileInFolder(
    join(folder, "entropy", `${step}_normalized_entropy.png`),
    encodeLarge(undecided, savingResize),
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
  const weights = { side: training.laplacianKernel, sigma: training.laplacianSigma };
  await writeFileInFolder(
    join(folder, "laplacian", `${step}_laplacian.png`),
    encodeLarge(laplacianMap(result, seen, weights), savingResize),
  );
}

async function writeHardAndSoft(
  path: string,
  result: RunResult,
  { savingResize, ending = "" }: { readonly savingResize: number; readonly ending?: string },
): Promise<void> {
  const hard = encodeEnlargedPng(result, factorOf(result, savingResize));
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
