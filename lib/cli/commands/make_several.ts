import { basename, join, parse } from "node:path";
import { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { chooseBatch } from "../../distill/choose_batch.ts";
import type { Run } from "../../distill/run.ts";
import { runTogether, type SharedInputs } from "../../distill/run_together.ts";
import { makeFolder } from "../../files/write_file.ts";
import { SessionPool } from "../../onnx/batching/session_pool.ts";
import { type MadePicture, rankPictures, writePictureIndex } from "../../outputs/picture_index.ts";
import { writeFrames } from "../../outputs/frame_files.ts";
import { createRunFolder, fileName } from "../../outputs/run_folder.ts";
import { createDownloadListener } from "../../report/download_listener.ts";
import { NumberedReporter } from "../../report/numbered_reporter.ts";
import type { PicturesEvent } from "../../report/run_event.ts";
import { defined } from "../../text/defined.ts";
import { describeError } from "./describe_error.ts";
import { readPictures } from "./read_pictures.ts";
import { makePicture, type MakePictureOptions, type PictureOrder } from "./make_picture.ts";

/** Options of {@linkcode makeSeveral}. */
export interface MakeSeveralOptions extends MakePictureOptions {
  /** Chooses the batch size: `chooseBatch` of the library, or a fake. */
  readonly chooseBatch: typeof chooseBatch;
  /** Name of the config, for the folder. */
  readonly name: string;
  /** Given, the pictures are frames of one subject, of which files are written at this rate. */
  readonly framesPerSecond?: number;
}

/**
 * Makes pictures in batches. They share one teacher. Each has its own folder in one folder of all,
 * where `index.json` and `contact_sheet.png` are written after each picture.
 *
 * If a picture fails, the others of its batch are finished, and no more are started.
 */
export async function makeSeveral(
  orders: readonly PictureOrder[],
  options: MakeSeveralOptions,
): Promise<void> {
  const { signal } = options;
  const reporter = new NumberedReporter(options.reporter);
  const startedAt = performance.now();
  await using owned = new AsyncDisposableStack();
  const gpu = owned.use(await Gpu.request());
  const pool = owned.use(new SessionPool());
  const batch = await batchOf(gpu, orders, { ...options, reporter });
  const index = new PictureFolder(orders, options.name);
  await runTogether(orders, async (order, shared) => {
    if (signal.aborted) return;
    const numbered = reporter.of({ number: order.number, of: orders.length });
    try {
      const picture = await makePicture(index.orderOf(order, shared), {
        ...options,
        reporter: numbered,
      });
      if (picture) await index.add(picture);
    } catch (error) {
      const { message } = describeError(error, false);
      if (batch > 1) numbered.report({ event: "failed", message });
      throw error;
    }
  }, { gpu, pool, batch });
  const { framesPerSecond: fps } = options;
  if (fps !== undefined && !signal.aborted) {
    const message = await index.writeFrames(fps);
    reporter.report({ event: "note", message });
  }
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  const event = await index.event({ seconds, interrupted: signal.aborted });
  if (event) reporter.report(event);
}

/** Chooses how many pictures share a batch. All have the same teacher and the same size. */
async function batchOf(
  gpu: Gpu,
  orders: readonly PictureOrder[],
  { chooseBatch, reporter }: Pick<MakeSeveralOptions, "chooseBatch" | "reporter">,
): Promise<number> {
  const { config, inputs } = orders[0]!;
  const { palette, image, decodesGradient } = inputs;
  const onProgress = createDownloadListener((event) => reporter.report(event));
  const onNote = (message: string) => reporter.report({ event: "note", message });
  return await chooseBatch(gpu, config, {
    count: orders.length,
    ...defined({ palette, image, decodesGradient }),
    hub: { ...inputs.hub, onProgress, onNote },
  });
}

/** The folder of all pictures; it is created when the first teacher is loaded. */
class PictureFolder {
  readonly #orders: readonly PictureOrder[];
  readonly #name: string;
  readonly #made: MadePicture[] = [];
  #path: Promise<string> | undefined;
  #files: readonly string[] = [];
  #writing = Promise.resolve();

  constructor(orders: readonly PictureOrder[], name: string) {
    this.#orders = orders;
    this.#name = name;
  }

  /** Returns the order of a picture whose folder lies in this one. */
  orderOf(order: PictureOrder, shared: SharedInputs): PictureOrder {
    return {
      ...order,
      inputs: { ...order.inputs, ...shared },
      createFolder: async (run, date) => {
        this.#path ??= createRunFolder(order.config.output, this.#nameOf(run, date));
        const path = join(await this.#path, pictureFolder(order, run, this.#orders.length));
        await makeFolder(path);
        return path;
      },
    };
  }

  /** Adds a picture and writes the index. */
  async add(picture: MadePicture): Promise<void> {
    this.#made.push(picture);
    // One after the other: the last one lists all.
    this.#writing = this.#writing.then(async () => {
      const keys = this.#orders.map(({ number, config, inputs }) => {
        const palette = inputs.palette?.name ?? config.generator.palette;
        return { number, prompt: config.prompt, palette, seed: config.seed };
      });
      const { index, sheet } = await writePictureIndex(await this.#path!, this.#made, keys);
      this.#files = [...sheet === undefined ? [] : [sheet], index];
    });
    await this.#writing;
  }

  /** Writes the pictures as frames of an animation; returns a sentence about them. */
  async writeFrames(fps: number): Promise<string> {
    const made = this.#made.toSorted((a, b) => a.number - b.number);
    const pictures = await readPictures(made.map(({ folder }) => folder));
    const named = pictures.map(({ picture }, i) => {
      const { image, prompt } = this.#orders[i]!.config;
      return { name: image === null ? prompt : parse(image).name, picture };
    });
    const { files, changed } = await writeFrames((await this.#path)!, named, { fps });
    this.#files = [...this.#files, ...files];
    return `${(100 * changed).toFixed(1)} % of the pixels change from frame to frame`;
  }

  /** Returns the event of the end; undefined if there is no picture. */
  async event(
    end: Pick<PicturesEvent, "seconds" | "interrupted">,
  ): Promise<PicturesEvent | undefined> {
    const folder = await this.#path;
    if (folder === undefined) return undefined;
    return {
      event: "pictures",
      folder,
      pictures: rankPictures(this.#made).map((picture) => {
        const { number, prompt, palette, seed, folder, score, isComplete: complete } = picture;
        return { number, prompt, palette, seed, folder, score: score ?? null, complete };
      }),
      asked: this.#orders.length,
      files: this.#files,
      ...end,
    };
  }

  #nameOf(run: Run, date: Date) {
    const { config } = this.#orders[0]!;
    const palettes = new Set(this.#orders.map(({ inputs }) => inputs.palette)).size;
    return {
      config: this.#name,
      date,
      model: basename(config.diffusion.modelId),
      size: { height: config.generator.imageH, width: config.generator.imageW },
      palette: palettes > 1 ? `${palettes}-palettes` : run.palette.name,
      count: this.#orders.length,
    };
  }
}

/** Returns a name such as "02-seed-8-sweetie-16-a_red_dragon"; the number makes it unique. */
function pictureFolder({ number, config }: PictureOrder, run: Run, count: number): string {
  const digits = String(number).padStart(String(count).length, "0");
  const prompt = run.config.prompt.trim();
  const parts = [digits, `seed-${config.seed}`, run.palette.name, prompt];
  return fileName(parts.filter((part) => part !== "").join("-"));
}
