// Adds noise to latents: sqrt(a) latents + sqrt(1 - a) noise, where a is the cumulative product of
// alphas.
// Source: Ho et al. 2020, https://arxiv.org/abs/2006.11239, Eq. 4.
// One invocation writes one value. All rows of the output are equal.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,          // values of all rows
  row_size: u32,      // values of one row
  signal_scale: f32,  // sqrt(a)
  noise_scale: f32,   // sqrt(1 - a)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> latents: array<f32>;      // [1, 4, h, w]
@group(0) @binding(2) var<storage, read> noise: array<f32>;        // [1, 4, h, w]
@group(0) @binding(3) var<storage, read_write> noisy: array<f32>;  // [rows, 4, h, w]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let k = i % params.row_size;
  noisy[i] = params.signal_scale * latents[k] + params.noise_scale * noise[k];
}
