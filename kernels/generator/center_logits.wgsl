// Takes the mean over the classes off the logits, which changes no probability.
// One invocation does one pixel, in place.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var sum = 0.0;
  for (var i = start; i < end; i++) { sum += logits[i]; }
  let mean = sum / f32(params.classes);
  for (var i = start; i < end; i++) { logits[i] -= mean; }
}
