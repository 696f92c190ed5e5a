// Clips the norm of a gradient: grad min(1, max_norm / (norm + 1e-6)).
// Source: torch.nn.utils.clip_grad_norm_.
// One invocation scales one value, in place.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,      // number of values
  max_norm: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> norm: array<f32>;        // [1]
@group(0) @binding(2) var<storage, read_write> grad: array<f32>;  // [size]

const EPSILON = 1e-6;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  grad[i] *= min(1.0, params.max_norm / (norm[0] + EPSILON));
}
