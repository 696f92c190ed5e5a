import { declareTile, type MatmulTile, multiplyTile } from "./matmul_tile.ts";
import { rewriteReads } from "./operand_reads.ts";
import { IS_WIDE_TILE } from "./tile_choice.ts";

/** The tiles of onnxruntime: 32 x 32, for 8 x 8 threads. */
const THEIR_TILE =
  /const rowPerThread = 4;\s*const colPerThread = 4;\s*const innerElementSize = 4;\s*const tileInner = 32;/;
const THEIR_MEMORY = /var<workgroup> mm_[AB]sub: array<array<vec4<\w+>, 8>, 32>;/g;
const THEIR_WORKGROUP = [
  "const workgroup_size_x: u32 = 8;",
  "const workgroup_size_y: u32 = 8;",
  "const workgroup_size_z: u32 = 1;",
];
/** First line of the part of `main` that is replaced. */
const BODY = "  let localRow = i32(local_id.y);";

/**
 * Rewrites onnxruntime's shader of a matrix product or convolution to one that is several times as
 * fast.
 *
 * Replaced are the body of `main`, and how operands are read (see `operand_reads.ts`). Bindings,
 * uniforms, and the functions that write results stay, and the number of dispatched workgroups
 * stays, too. A workgroup computes a tile of 32 x 64 values with sums in registers (see
 * `matmul_tile.ts`). onnxruntime dispatches workgroups for tiles of 32 x 32, so the surplus ones
 * return immediately. If there are few tiles of 32 x 64, tiles of 32 x 32 are used, so that more of
 * the GPU is busy (see `tile_choice.ts`).
 *
 * It recognizes the shaders "MatMul", "Gemm" and "Conv2dMM" of onnxruntime-web 1.30.0.
 *
 * @param code WGSL of a shader module.
 * @returns The faster shader; undefined if `code` is not recognized.
 */
export function overrideMatmulShader(code: string): string | undefined {
  const main = code.indexOf("@compute");
  const body = code.indexOf(BODY);
  const [head, entry, theirs] = [code.slice(0, main), code.slice(main, body), code.slice(body)];
  if (main === -1 || body === -1 || !THEIR_TILE.test(head)) return undefined;
  if (THEIR_WORKGROUP.some((line) => !head.includes(line))) return undefined;
  const element = elementOf(head);
  const isTransposed = theirs.includes("mm_readB(batch, globalColStart + tileRowB + innerRow, ");
  const isPlain = theirs.includes("mm_readB(batch, kStart + inputRow, globalCol");
  const readsRows = theirs.includes("= mm_readA(batch, globalRow + innerRow, kStart /");
  if (element === undefined || isTransposed === isPlain || !readsRows) return undefined;
  // A product that is split along K adds up in memory.
  if (theirs.includes("split")) return undefined;
  const declareBatch = theirs.match(/let batchIndices = [^;]*;/)?.[0] ?? "";
  const lastArgument = declareBatch && ", batchIndices";
  const common = { element, isTransposed, lastArgument } as const;
  const wide: MatmulTile = { ...common, name: "wide", rows: 4, groups: 2 };
  const small: MatmulTile = { ...common, name: "small", rows: 4, groups: 1 };
  return `${rewriteReads(head.replaceAll(THEIR_MEMORY, ""))}
${declareTile(wide)}
${declareTile(small)}
${entry}
  let t = i32(local_idx);
  let tx = i32(local_id.x);
  let ty = i32(local_id.y);
  let ktiles = i32((uniforms.dim_inner + 15u) / 16u);
  let tiles_x = (uniforms.dim_b_outer + 63u) / 64u;
  let tiles_y = (uniforms.dim_a_outer + 31u) / 32u;
  let tiles = tiles_x * tiles_y * uniforms.logical_dispatch_z;
  if (${IS_WIDE_TILE}) {
    if (workgroup_idx >= tiles) { return; }
    let batch = i32(workgroup_idx / (tiles_x * tiles_y));
    ${declareBatch}
    let first_row = i32(workgroup_idx / tiles_x % tiles_y) * 32;
    let first_group = i32(workgroup_idx % tiles_x) * 16;
    ${multiplyTile(wide)}
    return;
  }
  let batch = i32(logical_workgroup_id.z);
  ${declareBatch}
  let first_row = i32(logical_workgroup_id.y) * 32;
  let first_group = i32(logical_workgroup_id.x) * 8;
  ${multiplyTile(small)}
}
`;
}

/** Returns the element type of operands and result; undefined if they differ or are no vec4. */
function elementOf(head: string): "f16" | "f32" | undefined {
  const types = new Set(
    [...head.matchAll(/var<storage, read(?:_write)?> \w+: array<([^;]+)>;/g)].map(([, type]) =>
      type
    ),
  );
  if (types.size !== 1) return undefined;
  if (types.has("vec4<f16>")) return "f16";
  return types.has("vec4<f32>") ? "f32" : undefined;
}
