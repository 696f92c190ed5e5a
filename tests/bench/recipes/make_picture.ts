import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { runTogether, type SharedInputs } from "../../../lib/distill/run_together.ts";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import type { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/find_palette.ts";
import type { Palette } from "../../../lib/palette/palette.ts";

/** What a picture is made with; all of it is borrowed. */
export interface Workshop {
  /** The device. */
  readonly gpu: Gpu;
  /** Networks that are loaded already. */
  readonly pool: SessionPool;
  /** Stops the making. */
  readonly signal: AbortSignal;
}

/** What a picture cost. */
export interface Cost {
  /** Images that the teacher drew or judged; pictures that are made at once share runs of its UNet. */
  readonly evaluations: number;
  /**
   * Seconds without those in which networks were loaded; of pictures that were made at once, the
   * share of one.
   */
  readonly seconds: number;
  /** Seconds in which networks were loaded, likewise; few where other pictures had loaded them. */
  readonly loadSeconds: number;
  /** Most memory that the program held meanwhile, in bytes. */
  readonly peakBytes: number;
  /** What ran the networks. */
  readonly runtime: string;
  /** Name of the WebGPU adapter. */
  readonly adapter: string;
  /** Pictures that were made at once, this one among them; 1 where it is not told. */
  readonly atOnce?: number;
}

/** A picture and what it cost. */
export interface MadePicture {
  /** Palette index of each pixel, shape [H, W]. */
  readonly indices: Uint32Array;
  /** Its size. */
  readonly size: ImageSize;
  /** Its palette. */
  readonly palette: Palette;
  /** What it cost. */
  readonly cost: Cost;
}

/** What a picture is made of. */
export interface PictureParts {
  /** The complete config. */
  readonly config: RunConfig;
  /** The input image, if there is one. */
  readonly image?: Image | undefined;
}

/**
 * Makes the picture of a job.
 *
 * @throws The reason of the signal, if it stops the making.
 */
export async function makePicture(parts: PictureParts, workshop: Workshop): Promise<MadePicture> {
  const [made] = await makePictures([parts], workshop);
  return made!;
}

/**
 * Makes the pictures of several jobs at once.
 *
 * @throws The reason of the signal, if it stops the making.
 */
export async function makePictures(
  jobs: readonly PictureParts[],
  { gpu, pool, signal }: Workshop,
): Promise<MadePicture[]> {
  const start = performance.now();
  let [loaded, peakBytes] = [start, 0];
  const listener = {
    onLoaded: () => loaded = performance.now(),
    onStep: () => peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss),
  };
  const made = await runTogether(jobs, async ({ config, image }, inputs) => {
    const palette = await findPalette(config.generator.palette);
    const parts = { config, image, palette };
    return { palette, ...await make(parts, { ...inputs, signal }, listener) };
  }, { gpu, pool, batch: jobs.length });
  const share = (from: number, to: number) => (to - from) / 1000 / jobs.length;
  const cost = {
    seconds: share(loaded, performance.now()),
    loadSeconds: share(start, loaded),
    peakBytes,
    ...(jobs.length > 1 ? { atOnce: jobs.length } : {}),
  };
  return made.map(({ indices, size, palette, evaluations, runtime, adapter }) => {
    return { indices, size, palette, cost: { evaluations, ...cost, runtime, adapter } };
  });
}

async function make(
  { config, image, palette }: PictureParts & { readonly palette: Palette },
  inputs: SharedInputs & { readonly signal: AbortSignal },
  { onLoaded, onStep }: { onLoaded(): void; onStep(): void },
) {
  const { signal } = inputs;
  let draws = false;
  await using run = await createRun(config, {
    ...{ ...inputs, palette },
    ...(image ? { image } : {}),
    onStage: (stage) => {
      if (stage !== "sample") return;
      draws = true;
      onLoaded();
    },
  });
  if (!draws) onLoaded();
  onStep();
  for await (const _ of distill(run, { signal })) onStep();
  signal.throwIfAborted();
  const { indices } = await run.picture();
  return {
    indices,
    size: run.size,
    evaluations: run.evaluations,
    runtime: run.runtime,
    adapter: run.adapterName,
  };
}
