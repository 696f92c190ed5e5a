import { unroll } from "../../../lib/patches/matmul_tile.ts";
import type { Variant } from "./variant.ts";

/** Elements of a row of workgroup memory: odd, so that neighbors are in other banks. */
const odd = (count: number) => count + 1 - count % 2;

/** Products that an element of workgroup memory holds of A. */
export function perElement({ packing }: Variant): number {
  return packing === "pair" || packing === "dot" ? 8 : 4;
}

function memoryType({ packing, memory }: Variant): string {
  if (packing === "float") return "vec4<f32>";
  return packing === "pair" || packing === "dot" ? eightType(memory) : "vec4<f16>";
}

/** Eight values of float16. The naga of Deno 2.9.6 has no bitcast between u32 and vec2<f16>. */
export function eightType(memory: Variant["memory"]): string {
  return memory === "matrix" ? "mat2x4<f16>" : "vec4<u32>";
}

/** The first or second four of eight values. */
export function fourOf({ memory }: Variant, eight: string, half: number): string {
  if (memory === "matrix") return `${eight}[${half}]`;
  const pairs = [0, 1].map((i) => `vec2<f16>(unpack2x16float(${eight}[${2 * half + i}]))`);
  return `vec4<f16>(${pairs.join(", ")})`;
}

function widths(v: Variant): { a: number; b: number } {
  const a = v.rows * v.depth / perElement(v);
  const b = v.packing === "pair"
    ? v.groups / 2 * v.depth
    : v.packing === "dot"
    ? v.groups * 4 * v.depth / 8
    : v.groups * v.depth;
  return v.alignment === 16
    ? { a: 2 * odd(Math.ceil(a / 2)), b: 2 * odd(Math.ceil(b / 2)) }
    : { a: odd(a), b: odd(b) };
}

/**
 * Returns the declarations of workgroup memory.
 *
 * The first index is the thread, all others are constants: naga limits each variable index by a
 * min(), which is then needed once for all reads of a thread.
 */
export function declareMemory(v: Variant): string {
  const [x, y] = v.threads;
  const { a, b } = widths(v);
  const type = memoryType(v);
  const sums = v.slices > 1
    ? `var<workgroup> others: array<vec4<f32>, ${(v.slices - 1) * x * y * v.groups}>;`
    : "";
  return unroll(
    v.buffers,
    (i) =>
      `var<workgroup> a_tile${i}: array<array<${type}, ${a}>, ${v.slices * y}>;
var<workgroup> b_tile${i}: array<array<${type}, ${b}>, ${v.slices * x}>;`,
  ) + "\n" + sums;
}
