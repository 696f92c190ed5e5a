import type { RunConfig } from "../../../config/run_config.ts";
import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import { createRun } from "../../../lib/distill/create_run.ts";
import { distill } from "../../../lib/distill/distill.ts";
import type { Run } from "../../../lib/distill/run.ts";
import type { Image, ImageSize } from "../../../lib/image/image.ts";
import type { SessionPool } from "../../../lib/onnx/session_pool.ts";
import { findPalette } from "../../../lib/palette/find_palette.ts";
import type { Palette } from "../../../lib/palette/palette.ts";
import { kmeansMajority } from "./kmeans_majority.ts";
import type { Recipe } from "./recipe.ts";

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
  /** Images that the teacher drew or judged: runs of its UNet. */
  readonly evaluations: number;
  /** Seconds without those in which networks were loaded. */
  readonly seconds: number;
  /** Seconds in which networks were loaded; little where another picture had loaded them. */
  readonly loadSeconds: number;
  /** Most memory that the program held meanwhile, in bytes. */
  readonly peakBytes: number;
  /** What ran the networks. */
  readonly runtime: string;
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

/**
 * Makes the picture of a job.
 *
 * @param image The input image, if there is one.
 * @throws The reason of the signal, if it stops the making.
 */
export async function makePicture(
  job: { readonly recipe: Recipe; readonly config: RunConfig; readonly image?: Image | undefined },
  { gpu, pool, signal }: Workshop,
): Promise<MadePicture> {
  const { recipe, config, image } = job;
  const palette = await findPalette(config.generator.palette);
  const start = performance.now();
  let loaded: number | undefined;
  await using run = await createRun(config, {
    ...{ gpu, pool, palette, signal },
    ...(image ? { image } : {}),
    onStage: (stage) => {
      if (stage === "sample") loaded = performance.now();
    },
  });
  loaded ??= performance.now();
  let peakBytes = Deno.memoryUsage().rss;
  for await (const _ of distill(run, { signal })) {
    peakBytes = Math.max(peakBytes, Deno.memoryUsage().rss);
  }
  signal.throwIfAborted();
  const indices = await finish(recipe, run, palette);
  const cost = {
    evaluations: run.evaluations,
    seconds: (performance.now() - loaded) / 1000,
    loadSeconds: (loaded - start) / 1000,
    peakBytes,
    runtime: run.runtime,
  };
  return { indices, size: run.size, palette, cost };
}

async function finish({ finish }: Recipe, run: Run, palette: Palette): Promise<Uint32Array> {
  if (finish === undefined) return (await run.picture()).indices;
  if (!run.startImage) {
    throw new TypeError(`Cannot make a picture by "${finish}": expected a run with a start image`);
  }
  return kmeansMajority(run.startImage, run.size, palette);
}
