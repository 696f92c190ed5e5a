import type { ImageSize } from "../image/image.ts";
import type { Palette } from "../palette/palette.ts";
import { type TensorToWrite, writeSafetensors } from "../weights/safetensors_writer.ts";

/** All that the next steps of a run depend on besides its config. */
export interface RunCheckpoint extends ImageSize {
  /** What errors call it, such as its path. */
  readonly name: string;
  /** Steps done. */
  readonly step: number;
  /** Optimizer steps done: without those whose gradient was not finite. */
  readonly optimizerStep: number;
  /** Images that the teacher judged or drew. */
  readonly evaluations: number;
  /** Seed of the run. */
  readonly seed: number;
  /** Palette of the run. */
  readonly palette: Palette;
  /** What is optimized, shape [H, W, K]. */
  readonly logits: Float32Array;
  /** AdamW's running mean of the gradient, shape [H, W, K]. */
  readonly moment1: Float32Array;
  /** AdamW's running mean of its square, shape [H, W, K]. */
  readonly moment2: Float32Array;
}

/** A checkpoint cannot be used: its file is broken, or it is of another run. */
export class CheckpointError extends Error {
  /** Name of the class. */
  override readonly name = "CheckpointError";

  /**
   * Describes what is wrong.
   *
   * @param checkpoint Name of the checkpoint, such as its path.
   */
  constructor(checkpoint: string, detail: string, options?: ErrorOptions) {
    super(`Cannot go on from checkpoint "${checkpoint}": ${detail}`, options);
  }
}

/** A checkpoint as the tensors and texts of a safetensors file. */
export interface CheckpointTensors {
  /** Steps done. */
  readonly step: number;
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, TensorToWrite>>;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Text "format" of a checkpoint; another one is written when the layout changes. */
export const CHECKPOINT_FORMAT = "smalti-checkpoint-1";

/** Tensors of shape [H, W, K]. */
export const CHECKPOINT_TENSORS = ["logits", "moment1", "moment2"] as const;

/** Names of the numbers among the texts. */
export const CHECKPOINT_NUMBERS = {
  step: "step",
  optimizerStep: "optimizer_step",
  evaluations: "evaluations",
  seed: "seed",
} as const;

type NumberKey = keyof typeof CHECKPOINT_NUMBERS;

/** Lays a checkpoint out as tensors and texts; values are not copied. */
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
    },
    metadata: {
      format: CHECKPOINT_FORMAT,
      palette: palette.name,
      ...Object.fromEntries(numbers.map(([key, name]) => [name, String(checkpoint[key])])),
    },
  };
}

/** Writes a checkpoint as the bytes of a safetensors file. */
export function encodeCheckpoint(checkpoint: RunCheckpoint): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = checkpointTensors(checkpoint);
  return writeSafetensors(tensors, metadata);
}

/** What a checkpoint must fit. */
export interface CheckpointPlace {
  /** Size of the picture. */
  readonly size: ImageSize;
  /** Palette that the config names; only a name where the run makes it of the image. */
  readonly palette: Palette | string;
}

/**
 * Checks that a run can go on from a checkpoint.
 *
 * @throws {CheckpointError} If it is of another size, or of a palette with other colors.
 */
export function checkCheckpoint(
  { name, height, width, palette }: RunCheckpoint,
  place: CheckpointPlace,
): void {
  const { size } = place;
  if (height !== size.height || width !== size.width) {
    throw new CheckpointError(
      name,
      `expected ${size.height}x${size.width} pixels (height x width), got ${height}x${width}`,
    );
  }
  if (typeof place.palette === "string") {
    if (place.palette === palette.name) return;
    throw new CheckpointError(name, `expected a palette "${place.palette}", got "${palette.name}"`);
  }
  if (place.palette.toHexText() === palette.toHexText()) return;
  throw new CheckpointError(
    name,
    `expected the ${place.palette.size} colors of the palette "${place.palette.name}" in their ` +
      `order, got the ${palette.size} of "${palette.name}"`,
  );
}
