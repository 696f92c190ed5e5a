import { join } from "node:path";
import { BYTES_PER_VALUE, type SafetensorsDtype } from "../../lib/weights/safetensors.ts";

/** Tensors of a file: "name [dimensions]" each. */
export type KeyList = readonly string[];

/** Reads a list of keys of a published file, from tests/fixtures/keys. */
export async function readKeyList(name: string): Promise<KeyList> {
  const url = new URL(`../fixtures/keys/${name}.txt.gz`, import.meta.url);
  const packed = new Blob([await Deno.readFile(url)]).stream();
  const text = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).text();
  return text.split("\n").filter((line) => line !== "");
}

/** Options of a sparse file. */
export interface SparseOptions {
  /** Type of all tensors. Default: "F16". */
  readonly dtype?: SafetensorsDtype;
  /** Texts of the metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Encodes the header of a safetensors file, and tells the size of its data in bytes. */
export function sparseHeader(
  keys: KeyList,
  { dtype = "F16", metadata }: SparseOptions = {},
): { readonly head: Uint8Array<ArrayBuffer>; readonly dataLength: number } {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let end = 0;
  for (const line of keys) {
    const [, name, sides] = /^(.*) \[([\d,]*)\]$/s.exec(line)!;
    const shape = sides === "" ? [] : sides!.split(",").map(Number);
    const byteLength = shape.reduce((size, side) => size * side, BYTES_PER_VALUE[dtype]);
    header[name!] = { dtype, shape, data_offsets: [end, end + byteLength] };
    end += byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(text, 8);
  return { head, dataLength: end };
}

/** Writes a safetensors file of true size whose data is a hole. Returns its path. */
export async function writeSparse(
  folder: string,
  keys: KeyList,
  options: SparseOptions & { readonly name?: string } = {},
): Promise<string> {
  const path = join(folder, options.name ?? "model.safetensors");
  const { head, dataLength } = sparseHeader(keys, options);
  await Deno.writeFile(path, head);
  await Deno.truncate(path, head.length + dataLength);
  return path;
}
