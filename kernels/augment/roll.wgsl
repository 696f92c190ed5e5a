// Rolls an image: what leaves it at a border comes back at the opposite one.
// One invocation makes one value of the output.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,    // number of values
  height: u32,  // rows
  width: u32,   // columns
  down: u32,    // rows by which the output is moved down, in [0, height)
  right: u32,   // columns by which it is moved to the right, in [0, width)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;      // [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;  // [1, 3, H, W]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let x = i % params.width;
  let y = i / params.width % params.height;
  let from_x = (x + params.width - params.right) % params.width;
  let from_y = (y + params.height - params.down) % params.height;
  out[i] = image[i - y * params.width - x + from_y * params.width + from_x];
}
