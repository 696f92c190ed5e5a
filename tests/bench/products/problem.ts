/** A product A [M, K] x B [N, K] plus bias, or a convolution of images of `channels`. */
export interface Problem {
  readonly name: string;
  readonly rows: number;
  readonly sum: number;
  readonly columns: number;
  /** Of a convolution of 3 x 3: images, and their side. */
  readonly conv?: { readonly images: number; readonly side: number; readonly channels: number };
}

/** Parses 2048x1280x1280, or conv:2x32x1280x1280: images, side, channels from and to. */
export function parseProblem(name: string): Problem {
  const isConv = name.startsWith("conv:");
  const numbers = name.replace("conv:", "").split("x").map(Number);
  if (!isConv) {
    const [rows, sum, columns] = numbers as [number, number, number];
    return { name, rows, sum, columns };
  }
  const [images, side, channels, columns] = numbers as [number, number, number, number];
  return { name, rows: side * side, sum: 9 * channels, columns, conv: { images, side, channels } };
}

/** Number of multiplications and additions. */
export function operations({ rows, sum, columns, conv }: Problem): number {
  return 2 * rows * sum * columns * (conv?.images ?? 1);
}

const UNIFORMS = `struct Uniforms {
  dim_a_outer: u32,
  dim_b_outer: u32,
  dim_inner: u32,
  a_stride: u32,
  b_stride: u32,
  output_stride: u32,
  side: u32,
  channels: u32,
  images: u32,
};
@group(0) @binding(4) var<uniform> uniforms: Uniforms;
`;

const READS = {
  branches: `fn mm_readA(batch: i32, row: i32, k: i32, first: i32) -> vec4<f16> {
  var value = vec4<f16>();
  if (row < i32(uniforms.dim_a_outer) && k * 4 < i32(uniforms.dim_inner)) {
    value = a[u32(row) * uniforms.a_stride + u32(k)];
  }
  return value;
}
fn mm_readB(batch: i32, column: i32, k: i32, first: i32) -> vec4<f16> {
  var value = vec4<f16>();
  if (column < i32(uniforms.dim_b_outer) && k * 4 < i32(uniforms.dim_inner)) {
    value = b[u32(column) * uniforms.b_stride + u32(k)];
  }
  return value;
}`,
  limits: `fn mm_readA(batch: i32, row: i32, k: i32, first: i32) -> vec4<f16> {
  let base = min(u32(row), uniforms.dim_a_outer - 1u) * uniforms.a_stride;
  return select(vec4<f16>(), a[base + u32(k)], u32(k) < uniforms.a_stride);
}
fn mm_readB(batch: i32, column: i32, k: i32, first: i32) -> vec4<f16> {
  let base = min(u32(column), uniforms.dim_b_outer - 1u) * uniforms.b_stride;
  return select(vec4<f16>(), b[base + u32(k)], u32(k) < uniforms.b_stride);
}`,
} as const;

/** Eight values at once: rows of a multiple of 8. The value beyond a row is another row's. */
const wideReads = (type: string) =>
  `fn wide_a(batch: i32, row: i32, k: i32) -> ${type} {
  let base = min(u32(row), uniforms.dim_a_outer - 1u) * (uniforms.a_stride / 2u);
  if (u32(k) >= uniforms.a_stride / 2u) { return ${type}(); }
  return a[base + u32(k)];
}
fn wide_b(batch: i32, column: i32, k: i32) -> ${type} {
  let base = min(u32(column), uniforms.dim_b_outer - 1u) * (uniforms.b_stride / 2u);
  if (u32(k) >= uniforms.b_stride / 2u) { return ${type}(); }
  return b[base + u32(k)];
}`;

const READ_WEIGHTS = `fn mm_readB(batch: i32, row: i32, group: i32, first: i32) -> vec4<f16> {
  var value = vec4<f16>();
  if (row < i32(uniforms.dim_inner) && group * 4 < i32(uniforms.dim_b_outer)) {
    value = b[row * i32(uniforms.output_stride) + group];
  }
  return value;
}`;

/** With limits, all products of a tile belong to the same of the nine shifts. */
const CONV_READS = {
  limits: `fn mm_readA(batch: i32, row: i32, k: i32, first: i32) -> vec4<f16> {
  let channels = i32(uniforms.channels);
  let side = i32(uniforms.side);
  let shift = first / channels;
  let y = row / side + shift / 3 - 1;
  let x = row % side + shift % 3 - 1;
  var value = vec4<f16>();
  if (u32(y) < uniforms.side && u32(x) < uniforms.side && shift < 9) {
    value = a[((batch * side + y) * side + x - shift) * (channels / 4) + k];
  }
  return value;
}
${READ_WEIGHTS}`,
  branches: `fn mm_readA(batch: i32, row: i32, k: i32, first: i32) -> vec4<f16> {
  var value = vec4<f16>();
  if (row < i32(uniforms.dim_a_outer) && k * 4 < i32(uniforms.dim_inner)) {
    let channels = i32(uniforms.channels);
    let side = i32(uniforms.side);
    let y = row / side + k * 4 / (3 * channels) - 1;
    let x = row % side + k * 4 / channels % 3 - 1;
    if (y >= 0 && y < side && x >= 0 && x < side) {
      value = a[((batch * side + y) * side + x) * (channels / 4) + k * 4 % channels / 4];
    }
  }
  return value;
}
${READ_WEIGHTS}`,
} as const;

const JOIN = {
  matrix: `fn join(low: vec4<f16>, high: vec4<f16>) -> mat2x4<f16> {
  return mat2x4<f16>(low, high);
}`,
  packed: `fn join(low: vec4<f16>, high: vec4<f16>) -> vec4<u32> {
  return vec4<u32>(
    pack2x16float(vec2<f32>(low.xy)),
    pack2x16float(vec2<f32>(low.zw)),
    pack2x16float(vec2<f32>(high.xy)),
    pack2x16float(vec2<f32>(high.zw)),
  );
}`,
} as const;

const WRITE = `fn mm_write(batch: i32, row: i32, group: i32, value: vec4<f16>) {
  if (row < i32(uniforms.dim_a_outer) && group * 4 < i32(uniforms.dim_b_outer)) {
    let image = u32(batch) * uniforms.dim_a_outer;
    output[(image + u32(row)) * uniforms.output_stride + u32(group)] = value + c[group];
  }
}`;

/** How the operands of a problem are read. */
export interface ReadOptions {
  readonly isWide: boolean;
  readonly reads: "branches" | "limits";
  readonly memory: "matrix" | "packed";
}

/** Returns bindings and functions of a shader that multiplies. */
export function headOf({ conv }: Problem, { isWide, reads, memory }: ReadOptions): string {
  const eights = memory === "matrix" ? "mat2x4<f16>" : "vec4<u32>";
  const type = isWide ? eights : "vec4<f16>";
  return `enable f16;
@group(0) @binding(0) var<storage, read> a: array<${type}>;
@group(0) @binding(1) var<storage, read> b: array<${type}>;
@group(0) @binding(2) var<storage, read> c: array<vec4<f16>>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4<f16>>;
${UNIFORMS}
${conv ? CONV_READS[reads] : isWide ? wideReads(eights) : READS[reads]}
${JOIN[memory]}
${WRITE}
`;
}

/** The uniforms of a problem, in the order of the struct. */
export function uniformsOf({ rows, sum, columns, conv }: Problem): Uint32Array<ArrayBuffer> {
  const { side = 0, channels = 0, images = 1 } = conv ?? {};
  return new Uint32Array([
    rows,
    columns,
    sum,
    sum / 4,
    sum / 4,
    columns / 4,
    side,
    channels,
    images,
  ]);
}
