import { join } from "node:path";
import { encodePng } from "../../image/encode_png.ts";
import type { Image } from "../../image/image.ts";
import { writeFile, writeFileInFolder } from "../../files/write_file.ts";
import type { EngineRun } from "./engine.ts";

/**
 * Writes the images that the teacher drew for a run under SD-piXL's names,
 * `sd_samples/samples_<index>.png`, and the chosen one as `select_sample.png`.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeReferences(
  folder: string,
  { images, chosen }: NonNullable<EngineRun["references"]>,
): Promise<void> {
  for (const [i, image] of images.entries()) {
    await writeFileInFolder(join(folder, "sd_samples", `samples_${i}.png`), encodePng(image));
  }
  await writeFile(join(folder, "select_sample.png"), encodePng(images[chosen]!));
}

/**
 * Writes pictures that a run begins with, each under its name.
 *
 * @throws {OutputError} If one cannot be written.
 */
export async function writeBeginnings(
  folder: string,
  pictures: Readonly<Record<string, Image>>,
): Promise<void> {
  for (const [name, image] of Object.entries(pictures)) {
    await writeFile(join(folder, `${name}.png`), encodePng(image));
  }
}
