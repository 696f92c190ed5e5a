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
    key === "seed" ? file.seed(text) : file.count(text),
  ]);
  return {
    ...Object.fromEntries(tensors) as Pick<RunCheckpoint, typeof CHECKPOINT_TENSORS[number]>,
    ...Object.fromEntries(numbers) as Pick<RunCheckpoint, keyof typeof CHECKPOINT_NUMBERS>,
    name,
    height,
    width,
    palette: new Palette(file.text("palette") ?? "palette", colors.bytes),
  };
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

  seed(key: string): RunCheckpoint["seed"] {
    const text = this.text(key) ?? "";
    return /^\d{16,20}$/.test(text) && BigInt(text) > Number.MAX_SAFE_INTEGER
      ? BigInt(text)
      : this.count(key);
  }

  count(key: string): number {
    const text = this.text(key) ?? this.text(EARLIER_NUMBERS[key] ?? key);
    const value = Number(text ?? NaN);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw this.failure(
      `expected an integer "${key}", got ${text === undefined ? "none" : `"${text}"`}`,
    );
  }
}
