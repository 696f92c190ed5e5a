import { Palette } from "../palette/palette.ts";
import { type ByteSource, memorySource } from "../weights/byte_source.ts";
import {
  readSafetensorsHeader,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsHeader,
} from "../weights/safetensors.ts";
import {
  CHECKPOINT_FORMAT,
  CHECKPOINT_NUMBERS,
  CHECKPOINT_TENSORS,
  CheckpointError,
  EARLIER_NUMBERS,
  EDIT_TENSORS,
  type EditCheckpoint,
  type RunCheckpoint,
} from "./checkpoint.ts";

/**
 * Reads a checkpoint from the bytes of a safetensors file.
 *
 * @param name Name in errors, such as its path. Default: "checkpoint".
 * @throws {CheckpointError} If the file is damaged, or not a checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array, name: string = "checkpoint"): RunCheckpoint {
  const file = new CheckpointFile(memorySource(new Uint8Array(bytes), name));
  file.checkFormat();
  const colors = file.read("palette", "U8");
  const { shape } = file.read("logits", "F32");
  const [height = 0, width = 0, count = 0] = shape;
  if (shape.length !== 3 || count < 1 || colors.shape.join() !== `${count},3`) {
    throw file.failure(
      `its logits [${shape.join(", ")}] and its palette [${colors.shape.join(", ")}] do not fit`,
    );
  }
  const tensors = CHECKPOINT_TENSORS.map((key) => [key, file.floats(key, shape)]);
  const numbers = Object.entries(CHECKPOINT_NUMBERS).map(([key, text]) => [
    key,
    // Checkpoints of earlier versions have no edits.
    key === "seed" ? file.seed(text) : file.count(text, key === "editSteps" ? "0" : undefined),
  ]);
  return {
    ...Object.fromEntries(tensors) as Pick<RunCheckpoint, typeof CHECKPOINT_TENSORS[number]>,
    ...Object.fromEntries(numbers) as Pick<RunCheckpoint, keyof typeof CHECKPOINT_NUMBERS>,
    name,
    height,
    width,
    edit: readEdit(file, { height, width, count }),
    palette: new Palette(file.text("palette") ?? "palette", colors.bytes),
  };
}

/** Reads the state of an edit, if there is one. */
function readEdit(
  file: CheckpointFile,
  { height, width, count }: Readonly<Record<"height" | "width" | "count", number>>,
): EditCheckpoint | undefined {
  const { pictures, picture, latents } = EDIT_TENSORS;
  if (!file.has(pictures)) return undefined;
  const area = height * width;
  const all = file.indices(pictures, count);
  if (all.length === 0 || all.length % area !== 0) {
    throw file.failure(`expected "${pictures}" of shape [P, ${height}, ${width}]`);
  }
  const finished = Array.from(
    { length: all.length / area },
    (_, i) => all.slice(i * area, (i + 1) * area),
  );
  if (!file.has(picture)) return { pictures: finished, current: undefined };
  const drawn = file.indices(picture, count);
  if (drawn.length !== area) {
    throw file.failure(`expected "${picture}" of shape [${height}, ${width}]`);
  }
  const { shape } = file.read(latents, "F32");
  return { pictures: finished, current: { picture: drawn, latents: file.floats(latents, shape) } };
}

/** A safetensors file whose failures are those of a checkpoint. */
class CheckpointFile {
  readonly #source: ByteSource;
  readonly #header: SafetensorsHeader;

  constructor(source: ByteSource) {
    this.#source = source;
    try {
      this.#header = readSafetensorsHeader(source);
    } catch (cause) {
      if (!(cause instanceof SafetensorsError)) throw cause;
      const detail = cause.message.replace(`Cannot read "${source.name}" as safetensors: `, "");
      throw this.failure(`the file is damaged: ${detail}`, cause);
    }
  }

  failure(detail: string, cause?: unknown): CheckpointError {
    return new CheckpointError(this.#source.name, detail, { cause });
  }

  has(key: string): boolean {
    return this.#header.tensors.has(key);
  }

  text(key: string): string | undefined {
    return this.#header.metadata[key];
  }

  checkFormat(): void {
    const format = this.text("format");
    if (format === CHECKPOINT_FORMAT) return;
    throw this.failure(
      `expected the format "${CHECKPOINT_FORMAT}", got ${format ? `"${format}"` : "none"}`,
    );
  }

  read(key: string, dtype: SafetensorsDtype) {
    const tensor = this.#header.tensors.get(key);
    if (tensor?.dtype !== dtype) {
      throw this.failure(
        `expected a tensor "${key}" of type ${dtype}, got ${tensor?.dtype ?? "none"}`,
      );
    }
    // A copy: floats in a file need not be aligned to four bytes.
    return {
      shape: tensor.shape,
      bytes: this.#source.read(tensor.offset, tensor.byteLength).slice(),
    };
  }

  floats(key: string, expected: readonly number[]): Float32Array {
    const { shape, bytes } = this.read(key, "F32");
    if (shape.join() !== expected.join()) {
      throw this.failure(
        `expected "${key}" of shape [${expected.join(", ")}], got [${shape.join(", ")}]`,
      );
    }
    const values = new Float32Array(bytes.buffer);
    if (values.every(Number.isFinite)) return values;
    throw this.failure(`expected "${key}" to be finite`);
  }

  /** Reads palette indices below a number. */
  indices(key: string, count: number): Uint32Array {
    const values = new Uint32Array(this.read(key, "U32").bytes.buffer);
    if (values.every((value) => value < count)) return values;
    throw this.failure(`expected indices below ${count} in "${key}"`);
  }

  seed(key: string): RunCheckpoint["seed"] {
    const text = this.text(key) ?? "";
    return /^\d{16,20}$/.test(text) && BigInt(text) > Number.MAX_SAFE_INTEGER
      ? BigInt(text)
      : this.count(key);
  }

  count(key: string, missing?: string): number {
    const text = this.text(key) ?? this.text(EARLIER_NUMBERS[key] ?? key) ?? missing;
    const value = Number(text ?? NaN);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.failure(
      `expected an integer "${key}", got ${text === undefined ? "none" : `"${text}"`}`,
    );
  }
}
