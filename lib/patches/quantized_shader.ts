import { declareTile, type MatmulTile, multiplyTile } from "./matmul_tile.ts";

/** Columns of the tiles of onnxruntime; their rows are in the shader. */
const THEIR_COLUMNS = 128;
const THEIR_ROWS = /const kTileM : u32 = (16|32);/;
const THEIR_MEMORY =
  /var<workgroup> a_data_tile : array<array<array<input_a_value_t, 2u>, kTileM>, KAVecSizeForBlock32 \/ 2u>;/;
/** First line of the part of `main` that is replaced. */
const BODY = "  let batch = workgroup_idx / (uniforms.num_M_tile * uniforms.num_N_tile);";
/** Lines of a shader for blocks of 32 values, without stored zero points or several weights. */
const EXPECTED = [
  "const workgroup_size_x: u32 = 128;",
  "const workgroup_size_y: u32 = 1;",
  "const workgroup_size_z: u32 = 1;",
  "const KAVecSizeForBlock32 = 8u;",
  `const kTileN : u32 = ${THEIR_COLUMNS};`,
  "let offset = batch * uniforms.M * uniforms.K_of_a + row * uniforms.K_of_a + col;",
  "let offset = batch * uniforms.M * uniforms.N + row * uniforms.N + col;",
  "let offset = row * uniforms.n_blocks_per_col + block_idx;",
  "return scales[offset];",
  "var<storage, read> input_b: array<vec4<u32>>;",
];

/**
 * Rewrites onnxruntime's shader of a product with a quantized matrix.
 *
 * The values are unpacked when a tile is stored in workgroup memory. So they are products of the
 * same tiles as those of other matrices, see `matmul_tile.ts`, with sums in registers. A workgroup
 * of onnxruntime computes 32 x 128 values (16 x 128 in float32); ours computes 64 x 64, or two
 * halves of the same area where that would need more workgroups.
 *
 * It recognizes the shader "MatMulNBitsWideTile" of onnxruntime-web 1.30.0 for 4 and 8 bits.
 *
 * @param code WGSL of a shader module.
 * @returns The faster shader; undefined if `code` is not recognized.
 */
export function overrideQuantizedShader(code: string): string | undefined {
  const main = code.indexOf("@compute");
  const body = code.indexOf(BODY);
  const [head, entry, theirs] = [code.slice(0, main), code.slice(main, body), code.slice(body)];
  const theirRows = Number(THEIR_ROWS.exec(head)?.[1]);
  const zero = /fn load_zero\([^)]*\) -> output_element_t \{\s*return output_element_t\((8|128)\);/
    .exec(head)?.[1];
  const isExpected = main !== -1 && body !== -1 && theirRows > 0 && zero !== undefined &&
    THEIR_MEMORY.test(head) && EXPECTED.every((line) => head.includes(line));
  if (!isExpected) return undefined;
  const element = head.includes("alias output_element_t = f16;") ? "f16" : "f32";
  if (!head.includes(`alias input_a_value_t = vec4<${element}>;`)) return undefined;
  const common = { element, isTransposed: true, lastArgument: "", groups: 2 } as const;
  const large: MatmulTile = { ...common, name: "large", rows: 8 };
  const flat: MatmulTile = { ...common, name: "flat", rows: theirRows / 8 };
  const sizes = head.replace("workgroup_size_x: u32 = 128;", "workgroup_size_x: u32 = 8;")
    .replace("workgroup_size_y: u32 = 1;", "workgroup_size_y: u32 = 8;");
  return `${sizes.replace(THEIR_MEMORY, "")}
${declareTile(large)}
${declareTile(flat)}
${readOperands(zero === "8" ? 4 : 8)}
${writeResult(theirs.includes("bias["))}
${entry}
  let t = i32(local_idx);
  let tx = i32(local_id.x);
  let ty = i32(local_id.y);
  let ktiles = i32((uniforms.K_of_a + 3u) / 4u);
  let tiles_x = (uniforms.N + 63u) / 64u;
  let tiles_y = (uniforms.M + 63u) / 64u;
  let tiles = tiles_x * tiles_y * uniforms.Batch;
  if (tiles <= uniforms.num_M_tile * uniforms.num_N_tile * uniforms.Batch) {
    if (workgroup_idx >= tiles) { return; }
    let batch = i32(workgroup_idx / (tiles_x * tiles_y));
    let first_row = i32(workgroup_idx / tiles_x % tiles_y) * 64;
    let first_group = i32(workgroup_idx % tiles_x) * 16;
    ${multiplyTile(large)}
    return;
  }
  let batch = i32(workgroup_idx / (uniforms.num_M_tile * uniforms.num_N_tile));
  let first_row = i32(workgroup_idx / uniforms.num_N_tile % uniforms.num_M_tile) * ${theirRows};
  for (var half = 0; half < 2; half++) {
    let first_group = i32(workgroup_idx % uniforms.num_N_tile) * ${THEIR_COLUMNS / 4} + half * 16;
    ${multiplyTile(flat)}
  }
}
`;
}

/** Returns functions that read four values of a row of each operand; k is in units of four. */
function readOperands(bits: 4 | 8): string {
  const unpack = bits === 4
    ? `let packed = input_b[n * uniforms.K_of_b + group / 8u][group / 2u % 4u] >>
    (group % 2u * 16u);
  let values = vec4<u32>(packed, packed >> 4u, packed >> 8u, packed >> 12u) & vec4<u32>(15u);`
    : `let values = unpack4xU8(input_b[n * uniforms.K_of_b + group / 4u][group % 4u]);`;
  return `fn mm_readA(batch : i32, row : i32, k : i32) -> vec4<output_element_t> {
  return load_a(u32(batch), u32(row), u32(k));
}
fn mm_readB(batch : i32, column : i32, k : i32) -> vec4<output_element_t> {
  let n = u32(column);
  let group = u32(k);
  if (n >= uniforms.N || group >= uniforms.K_of_a) { return vec4<output_element_t>(); }
  ${unpack}
  let zero = load_zero(n, group / 8u, uniforms.N, uniforms.zero_blocks_per_col);
  return (vec4<output_element_t>(values) - zero) * load_scale(n, group / 8u);
}`;
}

/** Returns a function that writes four values of a row; the group is in units of four columns. */
function writeResult(hasBias: boolean): string {
  return `fn mm_write(batch : i32, row : i32, group : i32, values : vec4<output_element_t>) {
  for (var i = 0u; i < 4u; i++) {
    let column = u32(group) * 4u + i;
    if (column < uniforms.N) {
      write_output(u32(batch), u32(row), column, values[i]${hasBias ? " + bias[column]" : ""});
    }
  }
}`;
}
