import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import { runTogether, type SharedInputs } from "../../../lib/distill/run_together.ts";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import type { SessionPool } from "../../../lib/onnx/batching/session_pool.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import { defined } from "../../../lib/text/defined.ts";

/** Shared resources, all borrowed. */
export interface Workshop {
  /** The device. */
  readonly gpu: Gpu;
  /** Pool of networks. */
  readonly pool: SessionPool;
  /** Cancels the work. */
  readonly signal: AbortSignal;
}

/** Cost of a picture. */
export interface Cost {
  /** Teacher calls: images that its UNet denoised. Pictures of a batch share runs of the UNet. */
  readonly teacherCalls: number;
  /**
   * Seconds without the loading of networks, divided by the batch size.
   */
  readonly seconds: number;
  /** Seconds of the loading of networks, likewise. Few where earlier pictures loaded them. */
  readonly loadSeconds: number;
  /** Peak memory of the program meanwhile, in bytes. */
  readonly peakBytes: number;
  /** Runtime of the networks. */
  readonly runtime: string;
  /** Name of the WebGPU adapter. */
  readonly adapter: string;
  /** Batch size. Default: 1. */
  readonly batchSize?: number;
}

/** A picture and its cost. */
export interface MadePicture {
  /** Palette index of each pixel, shape [H, W]. */
  readonly indices: Uint32Array;
  /** Its size. */
  readonly size: ImageSize;
  /** Its palette. */
  readonly palette: Palette;
  /** Its cost. */
  readonly cost: Cost;
}

/** Inputs of a picture. */
export interface PictureParts {
  /** The complete config. */
  readonly config: RunConfig;
  /** The input image, if there is one. */
  readonly image?: Image | undefined;
}

/**
 * Makes the picture of a job.
 *
 * @throws The reason of the signal, if it cancels the work.
 */
export async function makePicture(parts: PictureParts, workshop: Workshop): Promise<MadePicture> {
  const [made] = await makePictures([parts], workshop);
  return made!;
}

/**
 * Makes the pictures of several jobs in one batch.
 *
 * @throws The reason of the signal, if it cancels the work.
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
    ...defined({ batchSize: jobs.length > 1 ? jobs.length : undefined }),
  };
  return made.map(({ indices, size, palette, teacherCalls, runtime, adapter }) => {
    return { indices, size, palette, cost: { teacherCalls, ...cost, runtime, adapter } };
  });
}

async function make(
  { config, image, palette }: PictureParts & { readonly palette: Palette },
  inputs: SharedInputs & { readonly signal: AbortSignal },
  { onLoaded, onStep }: { onLoaded(): void; onStep(): void },
) {
  const { signal } = inputs;
  let teacherWorks = false;
  await using run = await createRun(config, {
    ...inputs,
    palette,
    ...defined({ image }),
    onStage: (stage) => {
      // Before these, networks are loaded; the first of them ends that.
      if (teacherWorks || !["sample", "edit"].includes(stage)) return;
      teacherWorks = true;
      onLoaded();
    },
  });
  if (!teacherWorks) onLoaded();
  onStep();
  for await (const _ of distill(run, { signal })) onStep();
  signal.throwIfAborted();
  const { indices } = await run.picture();
  return {
    indices,
    size: run.size,
    teacherCalls: run.teacherCalls,
    runtime: run.runtime,
    adapter: run.adapterName,
  };
}
