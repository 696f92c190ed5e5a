import type { Seed } from "../../kernels/random/philox.ts";
import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { type TensorToWrite, writeSafetensors } from "../weights/safetensors_writer.ts";

/** The state of a run whose teacher still edits the picture. */
export interface EditCheckpoint {
  /** The first picture, and that of each finished edit: palette indices, shape [H, W]. */
  readonly pictures: readonly Uint32Array[];
  /** The edit in progress; undefined between two edits. */
  readonly current: {
    /** Its picture: palette indices, shape [H, W]. */
    readonly picture: Uint32Array;
    /** Its noisy latents, [1, C, h, w] flat. */
    readonly latents: Float32Array;
  } | undefined;
}

/** The state of a run besides its config: the next steps depend on nothing else. */
export interface RunCheckpoint extends ImageSize {
  /** Name in errors, such as its path. */
  readonly name: string;
  /** Steps done. */
  readonly step: number;
  /** Steps of the run in which the teacher edits the picture; they are the first ones. */
  readonly editSteps: number;
  /** The state of the edit; undefined when it is done, or there is none. */
  readonly edit: EditCheckpoint | undefined;
  /** Optimizer steps that changed the logits: steps with a finite gradient. */
  readonly optimizerStep: number;
  /** Teacher calls. */
  readonly teacherCalls: number;
  /** Seed of the run. */
  readonly seed: Seed;
  /** Palette of the run. */
  readonly palette: Palette;
  /** The optimized logits, shape [H, W, K]. */
  readonly logits: Float32Array;
  /** AdamW's running mean of the gradient, shape [H, W, K]. */
  readonly moment1: Float32Array;
  /** AdamW's running mean of its square, shape [H, W, K]. */
  readonly moment2: Float32Array;
}

/** A checkpoint cannot be used: its file is damaged, or it belongs to another run. */
export class CheckpointError extends Error {
  /** Name of the class. */
  override readonly name = "CheckpointError";

  /**
   * Describes what is wrong.
   *
   * @param checkpoint Name of the checkpoint, such as its path.
   */
  constructor(checkpoint: string, detail: string, options?: ErrorOptions) {
    super(`Cannot resume from checkpoint "${checkpoint}": ${detail}`, options);
  }
}

/** A checkpoint as the content of a safetensors file. */
export interface CheckpointTensors {
  /** Steps done. */
  readonly step: number;
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, TensorToWrite>>;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The text "format" of a checkpoint; it changes with the layout. */
export const CHECKPOINT_FORMAT = "smalti-checkpoint-1";

/** Tensors of shape [H, W, K]. */
export const CHECKPOINT_TENSORS = ["logits", "moment1", "moment2"] as const;

/** Earlier names of these numbers, which older checkpoints have. */
export const EARLIER_NUMBERS: Readonly<Record<string, string>> = { teacher_calls: "evaluations" };

/** Names of the tensors of an edit. */
export const EDIT_TENSORS = {
  /** The first picture and those of finished edits, shape [P, H, W]. */
  pictures: "edit_pictures",
  /** The picture of the edit in progress, shape [H, W]. */
  picture: "edit_picture",
  /** Its latents, flat. */
  latents: "edit_latents",
} as const;

/** Names of the numbers among the texts. */
export const CHECKPOINT_NUMBERS = {
  step: "step",
  editSteps: "edit_steps",
  optimizerStep: "optimizer_step",
  teacherCalls: "teacher_calls",
  seed: "seed",
} as const;

type NumberKey = keyof typeof CHECKPOINT_NUMBERS;

/** Returns a checkpoint as tensors and texts; values are not copied. */
export function checkpointTensors(checkpoint: RunCheckpoint): CheckpointTensors {
  const { height, width, palette, step } = checkpoint;
  const shape = [height, width, palette.size];
  const numbers = Object.entries(CHECKPOINT_NUMBERS) as [NumberKey, string][];
  return {
    step,
    tensors: {
      ...Object.fromEntries(
        CHECKPOINT_TENSORS.map((name) => [name, { shape, data: checkpoint[name] }]),
      ),
      palette: { shape: [palette.size, 3], data: palette.colors },
      ...editTensors(checkpoint),
    },
    metadata: {
      format: CHECKPOINT_FORMAT,
      palette: palette.name,
      ...Object.fromEntries(numbers.map(([key, name]) => [name, String(checkpoint[key])])),
    },
  };
}

function editTensors({ edit, height, width }: RunCheckpoint): Record<string, TensorToWrite> {
  if (edit === undefined) return {};
  const { pictures, current } = edit;
  const all = new Uint32Array(pictures.length * height * width);
  for (const [i, picture] of pictures.entries()) all.set(picture, i * height * width);
  const finished = { shape: [pictures.length, height, width], data: all };
  if (current === undefined) return { [EDIT_TENSORS.pictures]: finished };
  return {
    [EDIT_TENSORS.pictures]: finished,
    [EDIT_TENSORS.picture]: { shape: [height, width], data: current.picture },
    [EDIT_TENSORS.latents]: { shape: [current.latents.length], data: current.latents },
  };
}

/** Encodes a checkpoint as a safetensors file. */
export function encodeCheckpoint(checkpoint: RunCheckpoint): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = checkpointTensors(checkpoint);
  return writeSafetensors(tensors, metadata);
}

/** The run that a checkpoint must fit. */
export interface CheckpointTarget {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Palette of the config; only its name if it is derived from the image. */
  readonly palette: Palette | string;
}

/**
 * Checks that a run can resume from a checkpoint.
 *
 * @throws {CheckpointError} If it is of another size, or of a palette with other colors.
 */
export function checkCheckpoint(
  { name, height, width, palette }: RunCheckpoint,
  target: CheckpointTarget,
): void {
  const { size } = target;
  if (height !== size.height || width !== size.width) {
    throw new CheckpointError(
      name,
      `expected ${size.height}x${size.width} pixels (height x width), got ${height}x${width}`,
    );
  }
  if (typeof target.palette === "string") {
    if (target.palette === palette.name) return;
    throw new CheckpointError(
      name,
      `expected a palette "${target.palette}", got "${palette.name}"`,
    );
  }
  if (target.palette.toHexText() === palette.toHexText()) return;
  throw new CheckpointError(
    name,
    `expected the ${target.palette.size} colors of the palette "${target.palette.name}" in their ` +
      `order, got the ${palette.size} of "${palette.name}"`,
  );
}
