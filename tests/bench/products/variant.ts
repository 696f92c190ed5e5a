/** How a workgroup multiplies; a version to measure. */
export interface Variant {
  readonly name: string;
  /** Threads of a slice, in x (columns) and y (rows). */
  readonly threads: readonly [x: number, y: number];
  /** Rows that each thread computes. */
  readonly rows: number;
  /** vec4 of columns that each thread computes. */
  readonly groups: number;
  /** Products that are summed between two barriers. */
  readonly depth: number;
  /**
   * What a register of the inner loop holds: `vec4` and `pair`, neighboring columns, read as 8 or
   * 16 bytes; `halves`, the same as `vec4`, but multiplied as two vec2; `dot`, neighboring products
   * of a sum; `float`, one float32; `mixed`, float16 that is converted to float32 before each
   * product.
   */
  readonly packing: "vec4" | "halves" | "pair" | "dot" | "float" | "mixed";
  /** Parts of a workgroup that share the products of a sum, and add up at the end. */
  readonly slices: number;
  /** Tiles in workgroup memory: with 2, one barrier is enough. */
  readonly buffers: 1 | 2;
  /** Eight values in workgroup memory: as a matrix, or as u32 that are unpacked. */
  readonly memory: "matrix" | "packed";
  /** Bytes by which rows of workgroup memory are aligned. */
  readonly alignment: 8 | 16;
  /** Whether operands are read as 16 bytes of a buffer: only rows of multiples of 8 values. */
  readonly isWide: boolean;
  /** Whether a product is written as a * b + c instead of fma. */
  readonly isPlain: boolean;
  /** How operands are read: as onnxruntime does, or with indices that need no branch. */
  readonly reads: "branches" | "limits";
  /** Sums in float16 of so many tiles before they are added up in float32. */
  readonly flushEvery: 1 | 2;
}

/** Defaults of a variant. */
export function makeVariant(
  name: string,
  options: Partial<Variant> & Pick<Variant, "packing">,
): Variant {
  return {
    name,
    threads: [8, 8],
    rows: 8,
    groups: 2,
    depth: 16,
    slices: 1,
    buffers: 1,
    memory: "matrix",
    alignment: 8,
    isWide: false,
    isPlain: false,
    flushEvery: 1,
    reads: "branches",
    ...options,
  };
}

/** Rows and columns of a tile. */
export function tileSize({ threads: [x, y], rows, groups }: Variant): [number, number] {
  return [y * rows, x * groups * 4];
}
