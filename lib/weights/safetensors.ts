import type { ByteSource } from "./byte_source.ts";

/** Number of bytes of one value, by the type name of the format. */
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

/** Where a tensor lies in its file. */
export interface SafetensorsTensor {
  /** Key of the tensor. */
  readonly name: string;
  /** Type of its values. */
  readonly dtype: SafetensorsDtype;
  /** Sides, outermost first; none for a single value. */
  readonly shape: readonly number[];
  /** Start of the data, in bytes from the beginning of the file. */
  readonly offset: number;
  /** Size of the data, in bytes. */
  readonly byteLength: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Texts of "__metadata__". */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The file is not a valid safetensors file; reading it again will not help. */
export class SafetensorsError extends SyntaxError {
  /** Name of the class. */
  override readonly name = "SafetensorsError";
  /** Path or address of the file. */
  readonly file: string;

  /** Describes what is wrong. */
  constructor(file: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read "${file}" as safetensors: ${detail}`, options);
    this.file = file;
  }
}

/** Most bytes that a header may have. Source: the limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** Returns the number of bytes of one value. */
export function bytesPerValue(dtype: SafetensorsDtype): number {
  return BYTES_PER_VALUE[dtype];
}

/**
 * Reads and checks the header of a safetensors file.
 *
 * Refused are: a header that is cut off or not a JSON object, names given twice, unknown types,
 * sizes that do not fit the shape, and data that overlaps, leaves holes or lies outside the file.
 *
 * Source: https://github.com/huggingface/safetensors, "Format".
 *
 * @throws {SafetensorsError} With the file and the tensor named.
 */
export function readSafetensorsHeader(source: ByteSource): SafetensorsHeader {
  const file = source.name;
  if (source.byteLength < 8) {
    throw new SafetensorsError(file, `expected at least 8 bytes, got ${source.byteLength}`);
  }
  const lengthBytes = source.read(0, 8);
  const headerLength = Number(
    new DataView(lengthBytes.buffer, lengthBytes.byteOffset, 8).getBigUint64(0, true),
  );
  const longest = Math.min(MAX_HEADER_BYTES, source.byteLength - 8);
  if (headerLength > longest) {
    throw new SafetensorsError(
      file,
      `expected a header of at most ${longest} bytes, got a length of ${headerLength}`,
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

function parseHeader(file: string, bytes: Uint8Array): [string, unknown][] {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(file, "its header is not JSON", { cause });
  }
  if (!isRecord(value)) throw new SafetensorsError(file, "its header is not a JSON object");
  const entries = Object.entries(value);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw new SafetensorsError(file, `the name "${duplicate}" is there twice`);
  }
  return entries;
}

/** Finds a name that an object of valid JSON text has twice; JSON.parse would keep the last. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/[{}]|"(?:[^"\\]|\\.)*"(\s*:)?/gs)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token.endsWith(":")) {
      const key: string = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
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
  const fail = (detail: string) => new SafetensorsError(file, `tensor "${name}": ${detail}`);
  if (!isRecord(value)) throw fail("its entry is not an object");
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES_PER_VALUE, dtype)) {
    throw fail(
      `expected a type among ${Object.keys(BYTES_PER_VALUE).join(", ")}, ` +
        `got ${JSON.stringify(dtype)}`,
    );
  }
  if (!isCounts(shape)) {
    throw fail(`expected a shape of integers >= 0, got ${JSON.stringify(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw fail(`expected two offsets >= 0, got ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce(
    (product, side) => product * side,
    BYTES_PER_VALUE[dtype as SafetensorsDtype],
  );
  if (end - begin !== expected) {
    throw fail(
      `expected ${expected} bytes for ${dtype} [${shape.join(", ")}], got ${end - begin}`,
    );
  }
  const offset = dataStart + begin;
  return { name, dtype: dtype as SafetensorsDtype, shape, offset, byteLength: expected };
}

/** Checks that the tensors fill the rest of the file, without overlaps and holes. */
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
    const fail = (detail: string) => new SafetensorsError(file, `tensor "${name}" ${detail}`);
    if (offset < position) throw fail(`overlaps ${previous}`);
    if (offset > position) throw fail(`leaves ${offset - position} unused bytes before it`);
    position = offset + byteLength;
    previous = `tensor "${name}"`;
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}
