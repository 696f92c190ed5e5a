/** A tile that a workgroup of 8 x 8 threads computes. */
export interface MatmulTile {
  /** Prefix of its variables. */
  readonly name: string;
  /** Rows of the tile that each thread computes; the tile has eight times as many. */
  readonly rows: number;
  /** vec4 of columns that each thread computes; the tile has 32 times as many columns. */
  readonly groups: number;
  /** Type of the operands and the result. */
  readonly element: "f16" | "f32";
  /** Whether the second operand is read as [N, K]. Default: as [K, N]. */
  readonly isTransposed: boolean;
  /** Further arguments of the functions that read, after the indices. */
  readonly lastArgument: string;
}

/** Products that are summed between two barriers. */
const DEPTH = 16;
/** The same in vec4. */
const DEPTH_GROUPS = DEPTH / 4;
const THREADS = 64;

/** Joins the text of each index from 0 to `count` - 1. */
export function unroll(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join("\n");
}

/** Returns the declaration of the tile's part of workgroup memory. */
export function declareTile({ name, rows, groups, element, isTransposed }: MatmulTile): string {
  const stride = strideOf(groups, isTransposed);
  return `var<workgroup> ${name}_a: array<vec4<${element}>, ${8 * rows * DEPTH_GROUPS}>;
var<workgroup> ${name}_b: array<vec4<${element}>, ${stride * DEPTH}>;`;
}

/**
 * Returns statements that multiply a tile of A [M, K] and B [K, N].
 *
 * They use `mm_readA`, `mm_readB` and `mm_write` of the surrounding shader, `ktiles` (K in units of
 * 16, rounded up), `batch`, `first_row` and `first_group` (the position of the tile, columns in
 * units of four), and the thread as `t`, `tx` and `ty`.
 *
 * The next operands are read while the current ones are multiplied. All loops except that over K
 * are unrolled: registers cannot be indexed, so a loop would put the sums of a thread into memory.
 * In float16, 16 products are summed in float16 and these sums in float32, which takes half the
 * time of float32 throughout.
 */
export function multiplyTile(tile: MatmulTile): string {
  const { rows, groups, element } = tile;
  const each = (text: (sum: string) => string) =>
    unroll(rows, (i) => unroll(groups, (j) => text(`${i}_${j}`)));
  const isHalf = element === "f16";
  return `${each((sum) => `var sum${sum} = vec4<f32>();`)}
${readNext(tile, "0", "var ")}
for (var kt = 0; kt < ktiles; kt++) {
workgroupBarrier();
${storeOperands(tile)}
workgroupBarrier();
${readNext(tile, "(kt + 1)", "")}
${isHalf ? each((sum) => `var part${sum} = vec4<f16>();`) : ""}
${unroll(DEPTH_GROUPS, (k) => multiplyGroup(tile, k))}
${isHalf ? each((sum) => `sum${sum} += vec4<f32>(part${sum});`) : ""}
}
${
    unroll(rows, (i) =>
      unroll(groups, (j) =>
        `mm_write(batch, first_row + ty + ${8 * i}, first_group + tx + ${8 * j}, ` +
        `vec4<${element}>(sum${i}_${j}));`))
  }`;
}

/** A transposed tile has one vec4 more, so that storing threads have no bank conflicts. */
function strideOf(groups: number, isTransposed: boolean): number {
  return 8 * groups + (isTransposed ? 1 : 0);
}

/** Reads the operands of a depth into variables, distributed over the threads. */
function readNext(tile: MatmulTile, depth: string, declaration: string): string {
  const { rows, groups, isTransposed, lastArgument } = tile;
  const rowStep = THREADS / DEPTH_GROUPS;
  const width = 8 * groups;
  const k = `${depth} * ${DEPTH_GROUPS} + t % ${DEPTH_GROUPS}`;
  const readA = unroll(
    8 * rows / rowStep,
    (i) =>
      `${declaration}next_a${i} = mm_readA(batch, first_row + t / ${DEPTH_GROUPS} + ` +
      `${i * rowStep}, ${k}${lastArgument});`,
  );
  // Four columns of four products: a block that the thread transposes.
  const column = `first_group * 4 + t / ${DEPTH_GROUPS} % ${width} * 4`;
  const readB = isTransposed
    ? unroll(
      4,
      (i) => `${declaration}next_b${i} = mm_readB(batch, ${column} + ${i}, ${k}${lastArgument});`,
    )
    : unroll(
      DEPTH * width / THREADS,
      (i) =>
        `${declaration}next_b${i} = mm_readB(batch, ${depth} * ${DEPTH} + t / ${width} + ` +
        `${i * THREADS / width}, first_group + t % ${width}${lastArgument});`,
    );
  return `${readA}\n${readB}`;
}

/** Stores the operands in workgroup memory: A as [rows, K], B as [K, columns]. */
function storeOperands({ name, rows, groups, element, isTransposed }: MatmulTile): string {
  const storeA = unroll(
    8 * rows * DEPTH_GROUPS / THREADS,
    (i) => `${name}_a[t + ${i * THREADS}] = next_a${i};`,
  );
  const width = 8 * groups;
  if (!isTransposed) {
    return `${storeA}\n${
      unroll(DEPTH * width / THREADS, (i) => `${name}_b[t + ${i * THREADS}] = next_b${i};`)
    }`;
  }
  const stride = strideOf(groups, isTransposed);
  const turned = unroll(4, (k) => {
    const values = [0, 1, 2, 3].map((i) => `next_b${i}[${k}]`).join(", ");
    return `${name}_b[(t % ${DEPTH_GROUPS} * 4 + ${k}) * ${stride} + t / ${DEPTH_GROUPS}] = ` +
      `vec4<${element}>(${values});`;
  });
  const blocks = DEPTH_GROUPS * width;
  return `${storeA}\n${blocks < THREADS ? `if (t < ${blocks}) {\n${turned}\n}` : turned}`;
}

/** Adds four products to each sum. */
function multiplyGroup(tile: MatmulTile, k: number): string {
  const { name, rows, groups, element, isTransposed } = tile;
  const stride = strideOf(groups, isTransposed);
  const sum = element === "f16" ? "part" : "sum";
  return `{
${unroll(rows, (i) => `let a${i} = ${name}_a[(ty + ${8 * i}) * ${DEPTH_GROUPS} + ${k}];`)}
${
    unroll(4, (kk) =>
      unroll(groups, (j) =>
        `let b${kk}_${j} = ${name}_b[tx + ${(4 * k + kk) * stride + 8 * j}];\n${
          unroll(rows, (i) =>
            `${sum}${i}_${j} = fma(b${kk}_${j}, vec4<${element}>(a${i}[${kk}]), ${sum}${i}_${j});`)
        }`))
  }
}`;
}
