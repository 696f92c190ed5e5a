import { declareTile, type MatmulTile, multiplyTile } from "../../../lib/patches/matmul_tile.ts";
import type { TileSize } from "../../../lib/patches/tile_choice.ts";
import { headOf, type Problem } from "./problem.ts";
import { declareMemory } from "./tile_memory.ts";
import { multiplyVariant } from "./tile_shader.ts";
import { tileSize, type Variant } from "./variant.ts";

const ENTRY = (threads: number) =>
  `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) workgroup_id: vec3<u32>,
        @builtin(local_invocation_index) local_idx: u32,
        @builtin(num_workgroups) num_workgroups: vec3<u32>) {
  let workgroup_idx = (workgroup_id.z * num_workgroups.y + workgroup_id.y) * num_workgroups.x +
    workgroup_id.x;
`;

/** Position of a tile; onnxruntime has more workgroups than tiles. */
const POSITION = ([rows, columns]: readonly [number, number]) =>
  `  let tiles_x = (uniforms.dim_b_outer + ${columns - 1}u) / ${columns}u;
  let tiles_y = (uniforms.dim_a_outer + ${rows - 1}u) / ${rows}u;
  if (workgroup_idx >= tiles_x * tiles_y * uniforms.images) { return; }
  let batch = i32(workgroup_idx / (tiles_x * tiles_y));
  let first_row = i32(workgroup_idx / tiles_x % tiles_y) * ${rows};
  let first_group = i32(workgroup_idx % tiles_x) * ${columns / 4};
`;

/** Returns the shader of a variant for products or convolutions. */
export function shaderOf(variant: Variant, problem: Problem): string {
  const [x, y] = variant.threads;
  return `${headOf(problem, variant)}
${declareMemory(variant)}
${ENTRY(x * y * variant.slices)}
${POSITION(tileSize(variant))}
${multiplyVariant(variant, { isTransposed: !problem.conv })}
}`;
}

/** Returns the shader of the library's tile. */
export function shaderOfLibrary(size: TileSize, problem: Problem): string {
  const [rows, columns] = size.split("x").map(Number) as [number, number];
  const tile: MatmulTile = {
    name: "tile",
    rows: rows / 8,
    groups: columns / 32,
    element: "f16",
    isTransposed: !problem.conv,
    lastArgument: ", 0",
  };
  return `${headOf(problem, { isWide: false, reads: "branches", memory: "matrix" })}
${declareTile(tile)}
${ENTRY(64)}
${POSITION([rows, columns])}
  let t = i32(local_idx);
  let tx = t % 8;
  let ty = t / 8;
  let ktiles = i32((uniforms.dim_inner + 15u) / 16u);
${multiplyTile(tile)}
}`;
}
