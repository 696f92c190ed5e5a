import { basename, join } from "node:path";
import { type IndexedPicture, rankPictures, writePictureIndex } from "../outputs/picture_index.ts";
import { createRunFolder, fileName } from "../outputs/run_folder.ts";
import { makeFolder } from "../outputs/write_file.ts";
import type { EngineRun } from "./engine.ts";
import { makePicture, type PictureMakers, type PictureOrder } from "./make_picture.ts";
import type { NumberedReporter } from "./numbered_reporter.ts";

/**
 * Makes pictures one after the other, each in a folder of its own in one folder of all, where
 * `index.json` and `contact_sheet.png` are written anew after each.
 *
 * @param name Name of the config, for the folder.
 */
export async function makeSeveral(
  orders: readonly PictureOrder[],
  makers: PictureMakers & { readonly reporter: NumberedReporter },
  name: string,
): Promise<void> {
  const { reporter, signal } = makers;
  const startedAt = performance.now();
  const asked = orders.map(({ config, inputs }, i) => ({
    ...{ number: i + 1, prompt: config.prompt, palette: inputs.palette.name, seed: config.seed },
  }));
  const made: IndexedPicture[] = [];
  let folder: string | undefined;
  let files: string[] = [];
  for (const [i, order] of orders.entries()) {
    if (signal.aborted) break;
    const number = i + 1;
    reporter.picture = { number, of: orders.length };
    const picture = await makePicture({
      ...order,
      async createFolder(run, date) {
        folder ??= await createRunFolder(order.config.output, nameOf(orders, { run, date, name }));
        const path = join(folder, pictureFolder(number, order, { run, of: orders.length }));
        await makeFolder(path);
        return path;
      },
    }, makers);
    if (picture === undefined) break;
    const { seed } = order.config;
    made.push({ ...picture, number, seed, folder: basename(picture.folder) });
    const { index, sheet } = await writePictureIndex(folder!, made, asked);
    files = [...sheet === undefined ? [] : [sheet], index];
  }
  reporter.picture = undefined;
  // Stopped before there was a picture.
  if (folder === undefined) return;
  reporter.report({
    event: "pictures",
    folder,
    pictures: rankPictures(made).map((picture) => {
      const { number, prompt, palette, seed, score, isComplete: complete } = picture;
      const path = join(folder!, picture.folder);
      return { number, prompt, palette, seed, folder: path, score: score ?? null, complete };
    }),
    asked: orders.length,
    files,
    seconds: Math.round(performance.now() - startedAt) / 1000,
    interrupted: signal.aborted,
  });
}

/** What the folder of all pictures is named after. */
function nameOf(
  orders: readonly PictureOrder[],
  { run, date, name }: {
    readonly run: EngineRun;
    readonly date: Date;
    readonly name: string;
  },
) {
  const { config } = orders[0]!;
  const palettes = new Set(orders.map(({ inputs }) => inputs.palette)).size;
  return {
    config: name,
    date,
    model: basename(config.diffusion.modelId),
    size: { height: config.generator.imageH, width: config.generator.imageW },
    palette: palettes > 1 ? `${palettes}-palettes` : run.paletteName,
    count: orders.length,
  };
}

/** Returns a name such as "02-seed-8-sweetie-16-a_red_dragon": the number makes it the only one. */
function pictureFolder(
  number: number,
  { config }: PictureOrder,
  { run, of }: { readonly run: EngineRun; readonly of: number },
): string {
  const digits = String(number).padStart(String(of).length, "0");
  const prompt = run.prompt.trim() === "" ? [] : [run.prompt.trim()];
  return fileName([digits, `seed-${config.seed}`, run.paletteName, ...prompt].join("-"));
}
