import { configNotes } from "../../config/config_keys.ts";
import type { RunConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { drawAugmentation } from "../../lib/augment/draw_augmentation.ts";
import { captionAs } from "../../lib/distill/caption_prompt.ts";
import { chooseBatch } from "../../lib/distill/choose_batch.ts";
import { createRun } from "../../lib/distill/create_run.ts";
import { distill } from "../../lib/distill/distill.ts";
import { findTeacher } from "../../lib/distill/find_teacher.ts";
import type { StepReport } from "../../lib/run/step_report.ts";
import { drawTimestep } from "../../lib/guidance/timestep_sampling.ts";
import { chooseRuntime } from "../../lib/onnx/runtime/choose_runtime.ts";
import type { SessionPool } from "../../lib/onnx/batching/session_pool.ts";
import { learningRateAt } from "../../lib/optimizer/learning_rate.ts";
import { defined } from "../../lib/text/defined.ts";
import { openTinyBlip } from "../lib/distill/tiny_blip.ts";
import { discImage } from "../lib/distill/tiny_run.ts";
import { Image } from "../../lib/image/image.ts";
import { OrtSessions } from "../../lib/onnx/runtime/ort_sessions.ts";

/** Device and networks of the observed runs. */
export interface Laboratory {
  readonly gpu: Gpu;
  /** Networks shared by the runs. */
  readonly pool: SessionPool;
}

/** Observations of a config without a run, by name. */
export const OBSERVATIONS = {
  config: ({ preset: _, ...config }: RunConfig) => config,
  notes: (config: RunConfig) => configNotes(config),
  runtime: ({ runtime }: RunConfig, { gpu }: Laboratory) => chooseRuntime(gpu, runtime),
  batch: (config: RunConfig, { gpu }: Laboratory) => chooseBatch(gpu, config, { count: 8 }),
  learningRates: ({ training }: RunConfig) =>
    stepsOf(training.steps).map((step) => learningRateAt(training, step)),
  timesteps: ({ sd, training, seed }: RunConfig) =>
    stepsOf(training.steps).map((step) =>
      drawTimestep(sd, { step, steps: training.steps, seed, timesteps: 1000 })
    ),
  augmentations: ({ training, generator, seed }: RunConfig) =>
    stepsOf(training.steps).map((step) =>
      drawAugmentation(training.augmentation, {
        seed,
        step,
        tau: generator.tau,
        size: { height: 96, width: 64 },
      })
    ),
  teacher: ({ diffusion }: RunConfig) =>
    findTeacher(diffusion).then(({ folder }) => folder.location, String),
  caption: async ({ caption }: RunConfig) => {
    const image = discImage({ height: 40, width: 60 });
    // The sixth word of its caption by default.
    const folder = await openTinyBlip(243);
    return await captionAs(new OrtSessions({ runtime: "wasm" }), { folder, image }, caption);
  },
  refusal: (config: RunConfig, laboratory: Laboratory) =>
    observeRun(config, laboratory).then(() => undefined, String),
} satisfies Readonly<Record<string, (config: RunConfig, laboratory: Laboratory) => unknown>>;

/** Observations of a whole run. */
export interface RunObservation {
  /** Mixed colors at the end. */
  readonly picture: Float32Array;
  /** Palette index of each pixel at the end. */
  readonly indices: Uint32Array;
  /** Colors of the palette. */
  readonly palette: Uint8Array;
  /** Image from which it started. */
  readonly startImage: Uint8Array | undefined;
  /** Input image of the first ControlNet. */
  readonly controlImage: Uint8Array | undefined;
  readonly teacherSize: unknown;
  readonly teacherCalls: number;
  /** Number of steps done. */
  readonly steps: number;
  /** Losses by name, of each step. */
  readonly losses: readonly StepReport["losses"][];
  /** Notes for the user. */
  readonly told: readonly string[];
}

/** Makes a whole run; the image of a config is drawn. */
export async function observeRun(
  config: RunConfig,
  { gpu, pool }: Laboratory,
): Promise<RunObservation> {
  const told: string[] = [];
  await using run = await createRun(config, {
    gpu,
    pool,
    onNote: (note) => told.push(note),
    ...defined({
      image: config.image === null ? undefined : inputImage(config.image),
      mask: config.constraint.mask === null ? undefined : halfMask(),
      importance: config.constraint.importance === null ? undefined : halfMask(),
      keep: config.constraint.keep === null ? undefined : cornerPicture(),
      inventory: config.generator.inventory === null ? undefined : [20, 20, 20, 20],
    }),
  });
  const losses: StepReport["losses"][] = [];
  for await (const report of distill(run)) losses.push(report.losses);
  const { softmax, indices, palette } = await run.picture();
  return {
    picture: softmax,
    indices,
    palette: palette.colors,
    startImage: run.startImage?.data,
    controlImage: Object.values(run.controlImages)[0]?.data,
    teacherSize: run.teacherSize,
    teacherCalls: run.teacherCalls,
    steps: losses.length,
    losses,
    told,
  };
}

/** Draws the image of a name: a disc, if nothing else is meant. */
function inputImage(name: string): Image {
  if (name === "sprite.png") {
    const sprite = new Image({ height: 8, width: 8 });
    for (const i of [27, 28, 35, 36]) sprite.data.set([155, 188, 15, 255], i * 4);
    return sprite;
  }
  if (name !== "edge.png") return discImage({ height: 40, width: 60 });
  // Black, dark gray, white.
  const edge = Image.filled({ height: 8, width: 8 }, [0, 0, 0]);
  for (let i = 0; i < 64; i++) {
    edge.data.fill(i % 8 < 4 ? 0 : i % 8 === 4 ? 103 : 255, i * 4, i * 4 + 3);
  }
  return edge;
}

/** A mask that lets the right half change. */
function halfMask(): Image {
  const mask = Image.filled({ height: 8, width: 8 }, [0, 0, 0]);
  for (let i = 0; i < 64; i++) if (i % 8 >= 4) mask.data.fill(255, i * 4, i * 4 + 3);
  return mask;
}

/** A picture of one opaque pixel, in the darkest color of "game-boy". */
function cornerPicture(): Image {
  const picture = new Image({ height: 8, width: 8 });
  picture.data.set([15, 56, 15, 255]);
  return picture;
}

function stepsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
