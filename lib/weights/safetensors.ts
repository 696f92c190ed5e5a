import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { ByteSource } from "./byte_source.ts";
import { scanJson } from "./scan_json.ts";

/** Bytes of one value, by the name of its type in the format. */
export const BYTES_PER_VALUE = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** Type of a tensor in a safetensors file. */
export type SafetensorsDtype = keyof typeof BYTES_PER_VALUE;

/** Location of a tensor in its file. */
export interface SafetensorsTensor {
  /** Key of the tensor. */
  readonly name: string;
  /** Type of its values. */
  readonly dtype: SafetensorsDtype;
  /** Dimensions, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** Start of the data, in bytes from the start of the file. */
  readonly offset: number;
  /** Size of the data, in bytes. */
  readonly byteLength: number;
}

/** Content of a header. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Texts of "__metadata__". */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The file is not a valid safetensors file. Reading it again does not help. */
export class SafetensorsError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "SafetensorsError";
  /** Path or address of the file. */
  readonly file: string;

  /** Describes the failure; `detail` has no final period. */
  constructor(file: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read "${file}" as safetensors: ${detail}`, options);
    this.file = file;
  }
}

/** Maximum size of a header, in bytes. Source: the limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
/** Maximum number of tensors; SDXL in one file has 2,515. */
const MAX_TENSORS = 100_000;
/** Maximum number of characters of a name; keys of real files have up to 150. */
const MAX_NAME = 1000;
/** Maximum depth of the header's objects and lists; the format has 3. */
const MAX_DEPTH = 8;
/** Maximum number of dimensions; convolutions of videos have 5. */
const MAX_RANK = 8;
/** Maximum size of a dimension, as in ONNX graphs on a GPU. */
const MAX_DIMENSION = 2 ** 31 - 1;
/** Maximum number of characters of a value in a message. */
const MAX_SHOWN = 100;

/** Returns the number of bytes of one value. */
export function bytesPerValue(dtype: SafetensorsDtype): number {
  return BYTES_PER_VALUE[dtype];
}

/**
 * Reads and checks the header of a safetensors file.
 *
 * Refused are: other formats, headers that are cut off or not a JSON object, duplicate names,
 * unknown types, sizes that do not fit the shape, and data that overlaps, leaves gaps or lies
 * outside the file.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @throws {SafetensorsError} With the file and the tensor named.
 */
export function readSafetensorsHeader(source: ByteSource): SafetensorsHeader {
  const file = source.name;
  refuseOtherFormats(source);
  if (source.byteLength < 8) {
    throw new SafetensorsError(file, `expected at least 8 bytes, got ${source.byteLength}`);
  }
  const lengthBytes = source.read(0, 8);
  const headerLength = Number(
    new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true),
  );
  const maxLength = Math.min(MAX_HEADER_BYTES, source.byteLength - 8);
  if (headerLength > maxLength) {
    throw new SafetensorsError(
      file,
      `expected a header of at most ${maxLength} bytes, got a length of ${headerLength}`,
    );
  }
  const entries = parseHeader(file, source.read(8, headerLength));
  const dataStart = 8 + headerLength;
  const tensors = new Map<string, SafetensorsTensor>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of entries) {
    if (name === "__metadata__") metadata = readMetadata(file, value);
    else tensors.set(name, readTensor(file, name, value, dataStart));
  }
  checkLayout(file, tensors, dataStart, source.byteLength);
  return { tensors, metadata };
}

/** First bytes of files that are often found under the name of a safetensors file. */
const OTHER_FORMATS: readonly (readonly [start: string, name: string])[] = [
  ["version https://git-lfs", `a Git LFS pointer; download the file with "git lfs pull"`],
  ["PK\x03\x04", "a zip archive, such as a pickle of PyTorch"],
  ["\x80\x02", "a pickle, such as those of older versions of PyTorch"],
  ["GGUF", "a GGUF file"],
  ["<", "a web page"],
];

function refuseOtherFormats(source: ByteSource): void {
  const bytes = source.read(0, Math.min(source.byteLength, 32));
  const start = String.fromCharCode(...bytes);
  // The length of a header, of 8 bytes, ends with zeros. GGUF's version does, too.
  if (start.slice(0, 8).includes("\0") && !start.startsWith("GGUF")) return;
  const other = OTHER_FORMATS.find(([mark]) => start.startsWith(mark));
  if (other) throw new SafetensorsError(source.name, `it is ${other[1]}`);
}

function parseHeader(file: string, bytes: Uint8Array): [string, unknown][] {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new SafetensorsError(file, "its header is not JSON", { cause });
  }
  const fault = scanJson(text, { maxKeys: MAX_TENSORS + 1, maxDepth: MAX_DEPTH });
  if (fault !== undefined) throw new SafetensorsError(file, `its header is not valid: ${fault}`);
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(file, "its header is not JSON", { cause });
  }
  if (!isRecord(value)) throw new SafetensorsError(file, "its header is not a JSON object");
  return Object.entries(value);
}

function readMetadata(file: string, value: unknown): Readonly<Record<string, string>> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === "string")) {
    return value as Record<string, string>;
  }
  throw new SafetensorsError(file, `"__metadata__" is not an object of texts`);
}

function readTensor(
  file: string,
  name: string,
  value: unknown,
  dataStart: number,
): SafetensorsTensor {
  const fail = (detail: string) =>
    new SafetensorsError(file, `tensor "${shorten(name)}": ${detail}`);
  if (name.length > MAX_NAME) {
    throw fail(`expected a name of at most ${MAX_NAME} characters, got ${name.length}`);
  }
  if (!isRecord(value)) throw fail("its entry is not an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES_PER_VALUE, dtype)) {
    throw fail(
      `expected a type among ${Object.keys(BYTES_PER_VALUE).join(", ")}, got ${show(dtype)}`,
    );
  }
  const isShape = isCounts(shape) && shape.length <= MAX_RANK &&
    shape.every((dimension) => dimension <= MAX_DIMENSION);
  if (!isShape) {
    throw fail(
      `expected a shape of at most ${MAX_RANK} integers from 0 to ${MAX_DIMENSION}, ` +
        `got ${show(shape)}`,
    );
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw fail(`expected two offsets >= 0, got ${show(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = shapeSize(shape) * BYTES_PER_VALUE[dtype as SafetensorsDtype];
  if (end - begin !== expected) {
    throw fail(
      `expected ${expected} bytes for ${dtype} [${shape.join(", ")}], got ${end - begin}`,
    );
  }
  const offset = dataStart + begin;
  return { name, dtype: dtype as SafetensorsDtype, shape, offset, byteLength: expected };
}

/** Checks that the tensors fill the rest of the file, without overlaps and gaps. */
function checkLayout(
  file: string,
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  dataStart: number,
  fileEnd: number,
): void {
  const ordered = [...tensors.values()].sort((a, b) =>
    a.offset - b.offset || a.byteLength - b.byteLength
  );
  let position = dataStart;
  let previous = "the header";
  for (const { name, offset, byteLength } of ordered) {
    const shown = `tensor "${shorten(name)}"`;
    const fail = (detail: string) => new SafetensorsError(file, `${shown} ${detail}`);
    if (offset < position) throw fail(`overlaps ${previous}`);
    if (offset > position) throw fail(`leaves ${offset - position} unused bytes before it`);
    position = offset + byteLength;
    previous = shown;
    if (position > fileEnd) {
      throw fail(
        `lies outside the file: expected at least ${position} bytes, got ${fileEnd} ` +
          `(the file may be cut off)`,
      );
    }
  }
  if (position < fileEnd) {
    throw new SafetensorsError(file, `${fileEnd - position} bytes at its end belong to no tensor`);
  }
}

function show(value: unknown): string {
  return shorten(JSON.stringify(value) ?? "nothing");
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
