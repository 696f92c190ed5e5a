// Probabilities of logits: softmax(logits / tau).
// One invocation does one pixel; the greatest logit is subtracted, so nothing overflows.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
  tau: f32,      // temperature, greater than 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;       // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> probs: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var greatest = logits[start];
  for (var i = start + 1u; i < end; i++) { greatest = max(greatest, logits[i]); }
  var sum = 0.0;
  for (var i = start; i < end; i++) {
    let value = exp((logits[i] - greatest) / params.tau);
    probs[i] = value;
    sum += value;
  }
  for (var i = start; i < end; i++) { probs[i] /= sum; }
}
