import { unroll } from "../../../lib/patches/matmul_tile.ts";
import { eightType, fourOf, perElement } from "./tile_memory.ts";
import type { Variant } from "./variant.ts";

/** Whether the second operand is [N, K] or [K, N]. */
export interface Operand {
  readonly isTransposed: boolean;
}

/** Runs `text` for each unit that the threads of a slice share; a guard if they do not divide. */
function share(v: Variant, units: number, text: (unit: string, i: number) => string): string {
  const threads = v.threads[0] * v.threads[1];
  return unroll(Math.ceil(units / threads), (i) => {
    const body = text(`(t + ${i * threads})`, i);
    return (i + 1) * threads > units ? `if (t + ${i * threads} < ${units}) {\n${body}\n}` : body;
  });
}

/** A variable for each value that is read ahead. */
export interface Reads {
  readonly declarations: string;
  readonly read: (kt: string) => string;
  readonly store: (buffer: number) => string;
}

/** Returns how a step's operands get into workgroup memory. */
export function readsOf(v: Variant, { isTransposed }: Operand): Reads {
  const parts = [readsOfA(v), isTransposed ? readsOfColumns(v) : readsOfRows(v)];
  return {
    declarations: parts.map((part) => part.declarations).join("\n"),
    read: (kt) => parts.map((part) => part.read(kt)).join("\n"),
    store: (buffer) => parts.map((part) => part.store(buffer)).join("\n"),
  };
}

/** A: [rows, products]. */
function readsOfA(v: Variant): Reads {
  const per = perElement(v);
  const tile = v.threads[1] * v.rows;
  const inRow = v.depth / per;
  const count = Math.ceil(tile * inRow / (v.threads[0] * v.threads[1]));
  const element = per === 8 ? eightType(v.memory) : "vec4<f16>";
  return {
    declarations: unroll(count, (i) => `var next_a${i}: ${element};`),
    read: (kt) =>
      share(v, tile * inRow, (u, i) => {
        const row = `first_row + ${u} / ${inRow}`;
        const k = `${kt} * ${inRow} + ${u} % ${inRow}`;
        if (v.isWide) return `next_a${i} = wide_a(batch, ${row}, ${k});`;
        if (per === 4) return `next_a${i} = mm_readA(batch, ${row}, ${k}, ${kt} * ${v.depth});`;
        const first = `${kt} * ${v.depth}`;
        return `next_a${i} = join(mm_readA(batch, ${row}, (${k}) * 2, ${first}), ` +
          `mm_readA(batch, ${row}, (${k}) * 2 + 1, ${first}));`;
      }),
    store: (buffer) =>
      share(v, tile * inRow, (u, i) => {
        const [, y] = v.threads;
        const value = v.packing === "float" ? `vec4<f32>(next_a${i})` : `next_a${i}`;
        return `a_tile${buffer}[slice * ${y} + ${u} / ${inRow} % ${y}]` +
          `[${u} / ${inRow * y} * ${inRow} + ${u} % ${inRow}] = ${value};`;
      }),
  };
}

/** Stores four columns of a product. */
function storeColumns(
  v: Variant,
  buffer: number,
  [group, k]: readonly [group: string, k: string],
  value: string,
): string {
  const [x] = v.threads;
  if (v.packing !== "pair") {
    return `b_tile${buffer}[slice * ${x} + ${group} % ${x}][(${k}) * ${v.groups} + ` +
      `${group} / ${x}] = ${v.packing === "float" ? `vec4<f32>(${value})` : value};`;
  }
  const place = `b_tile${buffer}[slice * ${x} + ${group} / 2 % ${x}]` +
    `[(${k}) * ${v.groups / 2} + ${group} / ${2 * x}]`;
  if (v.memory === "matrix") return `${place}[${group} % 2] = ${value};`;
  return `{
let four = ${value};
${place}[${group} % 2 * 2] = pack2x16float(vec2<f32>(four.xy));
${place}[${group} % 2 * 2 + 1] = pack2x16float(vec2<f32>(four.zw));
}`;
}

/** Position of eight products of a column. */
function placeOfColumn(v: Variant, buffer: number, column: string, k8: string): string {
  const [x] = v.threads;
  const eights = v.depth / 8;
  return `b_tile${buffer}[slice * ${x} + ${column} / 4 % ${x}]` +
    `[(${column} / ${4 * x} * 4 + ${column} % 4) * ${eights} + ${k8}]`;
}

/** B: [columns, products]. */
function readsOfColumns(v: Variant): Reads {
  const width = v.threads[0] * v.groups;
  const threads = v.threads[0] * v.threads[1];
  if (v.packing === "dot") {
    const inColumn = v.depth / 8;
    const units = width * 4 * inColumn;
    const count = Math.ceil(units / threads);
    return {
      declarations: unroll(count, (i) => `var next_b${i}: ${eightType(v.memory)};`),
      read: (kt) =>
        share(v, units, (u, i) => {
          const column = `first_group * 4 + ${u} / ${inColumn}`;
          const k = `${kt} * ${inColumn} + ${u} % ${inColumn}`;
          if (v.isWide) return `next_b${i} = wide_b(batch, ${column}, ${k});`;
          return `next_b${i} = join(mm_readB(batch, ${column}, (${k}) * 2, 0), ` +
            `mm_readB(batch, ${column}, (${k}) * 2 + 1, 0));`;
        }),
      store: (buffer) =>
        share(v, units, (u, i) => {
          const place = placeOfColumn(v, buffer, `(${u} / ${inColumn})`, `${u} % ${inColumn}`);
          return `${place} = next_b${i};`;
        }),
    };
  }
  if (v.packing === "pair" && v.isWide) {
    // Four columns of eight products.
    const eights = v.depth / 8;
    const units = width * eights;
    const count = Math.ceil(units / threads);
    return {
      declarations: unroll(
        count,
        (i) => unroll(4, (c) => `var next_b${i}_${c}: ${eightType(v.memory)};`),
      ),
      read: (kt) =>
        share(
          v,
          units,
          (u, i) =>
            unroll(4, (c) =>
              `next_b${i}_${c} = wide_b(batch, (first_group + ${u} / ${eights}) * 4 + ${c}, ` +
              `${kt} * ${eights} + ${u} % ${eights});`),
        ),
      store: (buffer) =>
        share(
          v,
          units,
          (u, i) =>
            unroll(2, (half) =>
              `{\n${
                unroll(4, (c) => `let c${c} = ${fourOf(v, `next_b${i}_${c}`, half)};`)
              }\n${
                unroll(4, (kk) => {
                  const values = [0, 1, 2, 3].map((c) => `c${c}[${kk}]`).join(", ");
                  const k = `${u} % ${eights} * 8 + ${half * 4 + kk}`;
                  return storeColumns(v, buffer, [`(${u} / ${eights})`, k], `vec4<f16>(${values})`);
                })
              }\n}`),
        ),
    };
  }
  // Four columns of four products.
  const fours = v.depth / 4;
  const units = width * fours;
  const count = Math.ceil(units / threads);
  return {
    declarations: unroll(count, (i) => unroll(4, (c) => `var next_b${i}_${c}: vec4<f16>;`)),
    read: (kt) =>
      share(
        v,
        units,
        (u, i) =>
          unroll(4, (c) =>
            `next_b${i}_${c} = mm_readB(batch, (first_group + ${u} / ${fours}) * 4 + ${c}, ` +
            `${kt} * ${fours} + ${u} % ${fours}, 0);`),
      ),
    store: (buffer) =>
      share(v, units, (u, i) =>
        unroll(4, (kk) => {
          const values = [0, 1, 2, 3].map((c) => `next_b${i}_${c}[${kk}]`).join(", ");
          const place = [`(${u} / ${fours})`, `${u} % ${fours} * 4 + ${kk}`] as const;
          return storeColumns(v, buffer, place, `vec4<f16>(${values})`);
        })),
  };
}

/** B: [products, columns]. */
function readsOfRows(v: Variant): Reads {
  const width = v.threads[0] * v.groups;
  const threads = v.threads[0] * v.threads[1];
  if (v.packing === "dot") {
    // Two products of four columns.
    const units = width * v.depth / 2;
    const count = Math.ceil(units / threads);
    return {
      declarations: unroll(
        count,
        (i) => `var next_b${i}_0: vec4<f16>;\nvar next_b${i}_1: vec4<f16>;`,
      ),
      read: (kt) =>
        share(
          v,
          units,
          (u, i) =>
            unroll(2, (c) =>
              `next_b${i}_${c} = mm_readB(batch, ${kt} * ${v.depth} + ${u} / ${width} * 2 + ${c}, ` +
              `first_group + ${u} % ${width}, 0);`),
        ),
      store: (buffer) =>
        share(v, units, (u, i) =>
          unroll(4, (c) => {
            const column = `(${u} % ${width} * 4 + ${c})`;
            const place = placeOfColumn(v, buffer, column, `${u} / ${width} / 4`);
            const values = `next_b${i}_0[${c}], next_b${i}_1[${c}]`;
            if (v.memory === "packed") {
              return `${place}[${u} / ${width} % 4] = pack2x16float(vec2<f32>(vec2<f16>(${values})));`;
            }
            // A vec4 is stored as a whole: its halves are in different threads.
            throw new Error("not supported");
          })),
    };
  }
  if (v.packing === "pair") {
    const eights = width / 2;
    const units = eights * v.depth;
    const count = Math.ceil(units / threads);
    const [x] = v.threads;
    return {
      declarations: unroll(count, (i) => `var next_b${i}: ${eightType(v.memory)};`),
      read: (kt) =>
        share(v, units, (u, i) => {
          const at = `batch, ${kt} * ${v.depth} + ${u} / ${eights}, ` +
            `first_group + ${u} % ${eights} * 2`;
          return `next_b${i} = join(mm_readB(${at}, 0), mm_readB(${at} + 1, 0));`;
        }),
      store: (buffer) =>
        share(v, units, (u, i) =>
          `b_tile${buffer}[slice * ${x} + ${u} % ${x}]` +
          `[${u} / ${eights} * ${v.groups / 2} + ${u} % ${eights} / ${x}] = next_b${i};`),
    };
  }
  const units = width * v.depth;
  const count = Math.ceil(units / threads);
  return {
    declarations: unroll(count, (i) => `var next_b${i}: vec4<f16>;`),
    read: (kt) =>
      share(
        v,
        units,
        (u, i) =>
          `next_b${i} = mm_readB(batch, ${kt} * ${v.depth} + ${u} / ${width}, ` +
          `first_group + ${u} % ${width}, 0);`,
      ),
    store: (buffer) =>
      share(v, units, (u, i) => {
        return storeColumns(v, buffer, [`(${u} % ${width})`, `${u} / ${width}`], `next_b${i}`);
      }),
  };
}
