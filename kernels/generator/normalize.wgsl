// Rescales the logits of each pixel to one L2 norm; zeros stay.
// One invocation does one pixel, in place.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
  norm: f32,     // norm to have, 0 or more
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var squares = 0.0;
  for (var i = start; i < end; i++) { squares += logits[i] * logits[i]; }
  if (squares == 0.0) { return; }
  let factor = params.norm / sqrt(squares);
  for (var i = start; i < end; i++) { logits[i] *= factor; }
}
