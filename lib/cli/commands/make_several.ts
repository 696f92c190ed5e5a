import { basename, join } from "node:path";
import { inBatches } from "../../distill/run_together.ts";
import type { BatchMember } from "../../onnx/batching/session_batch.ts";
import {
  type IndexedPicture,
  rankPictures,
  writePictureIndex,
} from "../../outputs/picture_index.ts";
import { createRunFolder, fileName } from "../../outputs/run_folder.ts";
import { makeFolder } from "../../files/write_file.ts";
import { describeError } from "./describe_error.ts";
import { createDownloadListener } from "../../report/download_listener.ts";
import type { EngineRun } from "./engine.ts";
import { makePicture, type PictureMakers, type PictureOrder } from "./make_picture.ts";
import type { NumberedReporter } from "../../report/numbered_reporter.ts";

/**
 * Makes pictures, as many at once as are worth it, each in a folder of its own in one folder of all,
 * where `index.json` and `contact_sheet.png` are written anew after each.
 *
 * If one fails, those that are being made with it are ended, and no more are begun.
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
  const of = orders.length;
  const batch = await chooseBatch(orders, makers);
  const made: IndexedPicture[] = [];
  let folder: Promise<string> | undefined;
  let files: string[] = [];
  let writing = Promise.resolve();
  const writeIndex = async () => {
    const { index, sheet } = await writePictureIndex(await folder!, made, asked);
    files = [...sheet === undefined ? [] : [sheet], index];
  };
  const make = async ([i, order]: [number, PictureOrder], member: BatchMember | undefined) => {
    if (signal.aborted) return;
    const number = i + 1;
    const own = reporter.of({ number, of });
    const picture = await makePicture({
      ...order,
      inputs: { ...order.inputs, ...(member ? { member } : {}) },
      async createFolder(run, date) {
        folder ??= createRunFolder(order.config.output, nameOf(orders, { run, date, name }));
        const path = join(await folder, pictureFolder(number, order, { run, of }));
        await makeFolder(path);
        return path;
      },
    }, { ...makers, reporter: own }).catch((error) => {
      const { message } = describeError(error, false);
      if (member) own.report({ event: "failed", message });
      throw error;
    });
    if (picture === undefined) return;
    const { seed } = order.config;
    made.push({ ...picture, number, seed, folder: basename(picture.folder) });
    // One after the other: the last one lists all.
    writing = writing.then(writeIndex);
    await writing;
  };
  await inBatches([...orders.entries()], make, batch);
  // Stopped before there was a picture.
  const path = await folder;
  if (path === undefined) return;
  reporter.report({
    event: "pictures",
    folder: path,
    pictures: rankPictures(made).map((picture) => {
      const { number, prompt, palette, seed, score, isComplete: complete } = picture;
      const folder = join(path, picture.folder);
      return { number, prompt, palette, seed, folder, score: score ?? null, complete };
    }),
    asked: of,
    files,
    seconds: Math.round(performance.now() - startedAt) / 1000,
    interrupted: signal.aborted,
  });
}

/** Chooses how many pictures are made at once. All have the same teacher and the same size. */
async function chooseBatch(
  orders: readonly PictureOrder[],
  { engine, reporter }: PictureMakers,
): Promise<number> {
  const [{ config, inputs }] = orders as [PictureOrder, ...PictureOrder[]];
  const onProgress = createDownloadListener((event) => reporter.report(event));
  const planned = { ...inputs, hub: { ...inputs.hub, onProgress } };
  return await engine.chooseBatch?.(config, planned, orders.length) ?? 1;
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
