// Gradient of softmax(x / tau): probs (grad - sum(probs grad)) / tau.
// One invocation does one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
  tau: f32,      // temperature of the forward, greater than 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;              // [pixels, classes]
@group(0) @binding(2) var<storage, read> grad_probs: array<f32>;         // [pixels, classes]
@group(0) @binding(3) var<storage, read_write> grad_logits: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var mean = 0.0;
  for (var i = start; i < end; i++) { mean += probs[i] * grad_probs[i]; }
  for (var i = start; i < end; i++) {
    grad_logits[i] = probs[i] * (grad_probs[i] - mean) / params.tau;
  }
}
