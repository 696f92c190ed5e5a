import { join } from "node:path";
import { encodePng } from "../../image/encode_png.ts";
import type { Image } from "../../image/image.ts";
import { writeFile, writeFileInFolder } from "../../files/write_file.ts";
import type { References } from "../../distill/sample_references.ts";
import type { Run } from "../../distill/run.ts";

/**
 * Writes the samples of the teacher under SD-piXL's names, `sd_samples/samples_<index>.png`, and
 * the chosen reference as `select_sample.png`.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeReferences(
  folder: string,
  { images, chosen }: References,
): Promise<void> {
  for (const [i, image] of images.entries()) {
    await writeFileInFolder(join(folder, "sd_samples", `samples_${i}.png`), encodePng(image));
  }
  await writeFile(join(folder, "select_sample.png"), encodePng(images[chosen]!));
}

/**
 * Writes the inputs of a run: the image as the teacher sees it, `target_image.png`, the initial
 * picture, `init_pixelization.png`, and the images that ControlNets follow, `control_<kind>.png`.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeInputs(
  folder: string,
  run: Pick<Run, "startImage" | "controlImages" | "image">,
): Promise<void> {
  const { startImage, controlImages } = run;
  if (startImage) await writeImage(folder, "target_image", startImage);
  await writeImage(folder, "init_pixelization", await run.image());
  for (const [kind, image] of Object.entries(controlImages)) {
    await writeImage(folder, `control_${kind}`, image);
  }
}

async function writeImage(folder: string, name: string, image: Image): Promise<void> {
  await writeFile(join(folder, `${name}.png`), encodePng(image));
}
