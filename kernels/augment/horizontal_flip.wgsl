// Flips an image horizontally.
// One invocation makes one value of the output.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,   // number of values
  width: u32,  // columns
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
  out[i] = image[i - x + (params.width - 1u - x)];
}
