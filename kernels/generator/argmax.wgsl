// Class of the greatest logit, the first one on ties.
// One invocation does one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> indices: array<u32>;  // [pixels]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  var best = 0u;
  for (var k = 1u; k < params.classes; k++) {
    if (logits[start + k] > logits[start + best]) { best = k; }
  }
  indices[pixel] = best;
}
