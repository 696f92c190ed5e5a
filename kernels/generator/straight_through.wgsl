// One-hot of the greatest probability, the first one on ties.
// Its gradient is taken to be the identity.
// Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, section 2.2.
// One invocation does one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;       // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> hard: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var best = start;
  for (var i = start + 1u; i < end; i++) {
    if (probs[i] > probs[best]) { best = i; }
  }
  for (var i = start; i < end; i++) { hard[i] = select(0.0, 1.0, i == best); }
}
