import { fileURLToPath } from "node:url";
import { convertFloats } from "../../lib/weights/float16.ts";
import { fileSource } from "../../lib/weights/file_source.ts";
import { readSafetensorsHeader } from "../../lib/weights/safetensors.ts";

/** A tensor of a fixture, in host memory. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  /** Values, converted to float32. */
  readonly data: Float32Array;
}

/** A safetensors file of reference results. */
export interface Golden {
  /**
   * Returns a tensor by name.
   *
   * @throws {RangeError} If there is none.
   */
  tensor(name: string): GoldenTensor;
  /** Names of all tensors. */
  readonly names: readonly string[];
  /** Settings: the texts of "__metadata__", parsed where they are JSON. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Returns the path of a file or folder below tests/fixtures/goldens. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/goldens/${name}`, import.meta.url));
}

/** Reads a file of reference results: `readGolden("vae")` reads vae.safetensors. */
export function readGolden(name: string): Golden {
  return readTensorFile(goldenPath(`${name}.safetensors`));
}

/** Reads all tensors of a safetensors file. */
export function readTensorFile(path: string): Golden {
  const source = fileSource(path);
  try {
    const header = readSafetensorsHeader(source);
    const tensors = new Map<string, GoldenTensor>();
    for (const { name, dtype, shape, offset, byteLength } of header.tensors.values()) {
      const bytes = convertFloats(source.read(offset, byteLength), dtype, "float32");
      tensors.set(name, { shape, data: new Float32Array(bytes.slice().buffer) });
    }
    return {
      names: [...tensors.keys()],
      metadata: Object.fromEntries(
        Object.entries(header.metadata).map(([key, text]) => [key, parseSetting(text)]),
      ),
      tensor(name) {
        const tensor = tensors.get(name);
        if (tensor) return tensor;
        throw new RangeError(`Cannot find tensor "${name}" in "${path}"`);
      },
    };
  } finally {
    source.close();
  }
}

function parseSetting(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
