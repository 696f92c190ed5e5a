// Adds a scaled tensor: y += scale x.
// One invocation does one value, in place.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,   // number of values
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;        // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [size]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  y[i] += params.scale * x[i];
}
