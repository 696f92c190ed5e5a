import { unroll } from "../../../lib/patches/matmul_tile.ts";
import { type Operand, readsOf } from "./operand_reads.ts";
import { fourOf } from "./tile_memory.ts";
import type { Variant } from "./variant.ts";

function multiplyAdd(v: Variant, a: string, b: string, c: string): string {
  return v.isPlain ? `${a} * ${b} + ${c}` : `fma(${a}, ${b}, ${c})`;
}

/** Adds the products of a tile in workgroup memory to the sums. */
function multiply(v: Variant, buffer: number): string {
  const { rows, groups, depth } = v;
  const [a, b] = [`a_tile${buffer}[ya]`, `b_tile${buffer}[xb]`];
  const loadFours = (name: string, place: string) =>
    `let ${name} = ${place};
${unroll(2, (half) => `let ${name}_${half} = ${fourOf(v, name, half)};`)}`;
  const loadA = (k: number) =>
    unroll(rows, (i) => loadFours(`a${i}`, `${a}[${i * depth / 8 + k}]`));
  if (v.packing === "dot") {
    return unroll(depth / 8, (k) =>
      `{
${loadA(k)}
${
        unroll(groups, (j) =>
          unroll(4, (column) =>
            `{ ${loadFours("b", `${b}[${(j * 4 + column) * depth / 8 + k}]`)}
${
              unroll(4, (c) =>
                unroll(rows, (i) => {
                  const part = `part${i}_${j}_${column}`;
                  const pair = `_${c >> 1}.${c & 1 ? "zw" : "xy"}`;
                  return `${part} = ${multiplyAdd(v, `a${i}${pair}`, `b${pair}`, part)};`;
                }))
            } }`))
      }
}`);
  }
  if (v.packing === "pair") {
    return unroll(depth / 8, (k) =>
      `{
${loadA(k)}
${
        unroll(8, (kk) =>
          unroll(groups / 2, (j) =>
            `{ ${loadFours("b", `${b}[${(k * 8 + kk) * groups / 2 + j}]`)}
${
              unroll(2, (half) =>
                unroll(rows, (i) => {
                  const part = `part${i}_${2 * j + half}`;
                  const value = `vec4<f16>(a${i}_${kk >> 2}[${kk & 3}])`;
                  return `${part} = ${multiplyAdd(v, value, `b_${half}`, part)};`;
                }))
            } }`))
      }
}`);
  }
  if (v.packing === "halves") {
    return unroll(depth / 4, (k) =>
      `{
${unroll(rows, (i) => `let a${i} = ${a}[${i * depth / 4 + k}];`)}
${
        unroll(4, (kk) =>
          unroll(groups, (j) =>
            `{ let b = ${b}[${(k * 4 + kk) * groups + j}];
${
              unroll(rows, (i) =>
                ["xy", "zw"].map((half, h) => {
                  const part = `part${i}_${j}_${h}`;
                  const value = `vec2<f16>(a${i}[${kk}])`;
                  return `${part} = ${multiplyAdd(v, `b.${half}`, value, part)};`;
                }).join("\n"))
            } }`))
      }
}`);
  }
  // Registers hold vec4 of columns.
  const isHalf = v.packing === "vec4";
  const sum = isHalf ? "part" : "sum";
  const type = isHalf ? "vec4<f16>" : "vec4<f32>";
  const convert = (value: string) => v.packing === "mixed" ? `vec4<f32>(${value})` : value;
  return unroll(depth / 4, (k) =>
    `{
${unroll(rows, (i) => `let a${i} = ${convert(`${a}[${i * depth / 4 + k}]`)};`)}
${
      unroll(4, (kk) =>
        unroll(groups, (j) =>
          `{ let b = ${convert(`${b}[${(k * 4 + kk) * groups + j}]`)};
${
            unroll(
              rows,
              (i) =>
                `${sum}${i}_${j} = ${
                  multiplyAdd(v, "b", `${type}(a${i}[${kk}])`, `${sum}${i}_${j}`)
                };`,
            )
          } }`))
    }
}`);
}

/** Sets the sums in float16 to zero. */
function clearParts(v: Variant): string {
  return unroll(
    v.rows,
    (i) => partNames(v, i).map(([name, type]) => `${name} = ${type}();`).join("\n"),
  );
}

function partNames(v: Variant, i: number): (readonly [name: string, type: string])[] {
  const indices = (count: number) => Array.from({ length: count }, (_, j) => j);
  if (v.packing === "vec4" || v.packing === "pair") {
    return indices(v.groups).map((j) => [`part${i}_${j}`, "vec4<f16>"]);
  }
  const width = v.packing === "halves" ? 2 : 4;
  const pairs = (count: number) =>
    indices(count).flatMap((j) =>
      indices(width).map((c) => [`part${i}_${j}_${c}`, "vec2<f16>"] as const)
    );
  return v.packing === "dot" || v.packing === "halves" ? pairs(v.groups) : [];
}

/** Adds the sums in float16 to those in float32. */
function addParts(v: Variant): string {
  return unroll(v.rows, (i) =>
    unroll(v.groups, (j) => {
      const sum = `sum${i}_${j}`;
      if (v.packing === "vec4" || v.packing === "pair") {
        return `${sum} += vec4<f32>(part${i}_${j});`;
      }
      if (v.packing === "halves") {
        return `${sum} += vec4<f32>(vec2<f32>(part${i}_${j}_0), vec2<f32>(part${i}_${j}_1));`;
      }
      if (v.packing !== "dot") return "";
      const values = [0, 1, 2, 3].map((c) => `part${i}_${j}_${c}`);
      const each = values.map((value) => `f32(${value}.x) + f32(${value}.y)`);
      return `${sum} += vec4<f32>(${each.join(", ")});`;
    }));
}

/** Returns the body of `main`: like `multiplyTile()` of the library, but for a variant. */
export function multiplyVariant(v: Variant, operand: Operand): string {
  const [x, y] = v.threads;
  const threads = x * y;
  const reads = readsOf(v, operand);
  const kt = (step: string) => `((${step}) * ${v.slices} + slice)`;
  const step = (buffer: number) => `${clearParts(v)}\n${multiply(v, buffer)}\n${addParts(v)}`;
  const groupOf = (j: number) =>
    v.packing === "pair" ? `tx * 2 + ${(j >> 1) * 2 * x + (j & 1)}` : `tx + ${j * x}`;
  const loop = v.buffers === 2
    ? `${reads.read(kt("0"))}
${reads.store(0)}
workgroupBarrier();
for (var step = 0; step < steps; step += 2) {
${reads.read(kt("step + 1"))}
${step(0)}
${reads.store(1)}
workgroupBarrier();
${reads.read(kt("step + 2"))}
${step(1)}
${reads.store(0)}
workgroupBarrier();
}`
    : v.flushEvery === 2
    ? `${reads.read(kt("0"))}
for (var step = 0; step < steps; step += 2) {
${clearParts(v)}
${
      unroll(2, (i) =>
        `workgroupBarrier();\n${reads.store(0)}\nworkgroupBarrier();\n` +
        `${reads.read(kt(`step + ${i + 1}`))}\n${multiply(v, 0)}`)
    }
${addParts(v)}
}`
    : `${reads.read(kt("0"))}
for (var step = 0; step < steps; step++) {
workgroupBarrier();
${reads.store(0)}
workgroupBarrier();
${reads.read(kt("step + 1"))}
${step(0)}
}`;
  return `let slice = i32(local_idx) / ${threads};
let t = i32(local_idx) % ${threads};
let tx = t % ${x};
let ty = t / ${x};
let ya = slice * ${y} + ty;
let xb = slice * ${x} + tx;
let steps = (i32(uniforms.dim_inner) + ${v.depth * v.slices - 1}) / ${v.depth * v.slices};
${reads.declarations}
${unroll(v.rows, (i) => partNames(v, i).map(([name, type]) => `var ${name}: ${type};`).join("\n"))}
${unroll(v.rows, (i) => unroll(v.groups, (j) => `var sum${i}_${j} = vec4<f32>();`))}
${loop}
${v.slices > 1 ? addSlices(v) : ""}
${v.slices > 1 ? "if (slice == 0) {" : ""}
${
    unroll(v.rows, (i) =>
      unroll(v.groups, (j) =>
        `mm_write(batch, first_row + ty + ${y * i}, first_group + ${groupOf(j)}, ` +
        `vec4<f16>(sum${i}_${j}));`))
  }
${v.slices > 1 ? "}" : ""}`;
}

/** Adds the sums of all slices, a row of each thread at a time. */
function addSlices(v: Variant): string {
  const threads = v.threads[0] * v.threads[1];
  return unroll(v.rows, (i) =>
    `workgroupBarrier();
if (slice > 0) {
${
      unroll(
        v.groups,
        (j) => `others[(slice - 1) * ${threads * v.groups} + ${j * threads} + t] = sum${i}_${j};`,
      )
    }
}
workgroupBarrier();
if (slice == 0) {
${
      unroll(
        v.slices - 1,
        (s) =>
          unroll(v.groups, (j) => `sum${i}_${j} += others[${(s * v.groups + j) * threads} + t];`),
      )
    }
}`);
}
