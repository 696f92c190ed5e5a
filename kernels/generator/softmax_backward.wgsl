// Gradient of softmax(x / tau): probs (grad - sum(probs grad)) / tau.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
  tau: f32,      // temperature of the forward, above 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;              // [pixels, classes]
@group(0) @binding(2) var<storage, read> grad_probs: array<f32>;         // [pixels, classes]
@group(0) @binding(3) var<storage, read_write> grad_logits: array<f32>;  // [pixels, classes]

fn reduce(row: Row) {
  var mean = 0.0;
  for (var i = row.start; i < row.end; i++) { mean += probs[i] * grad_probs[i]; }
  for (var i = row.start; i < row.end; i++) {
    grad_logits[i] = probs[i] * (grad_probs[i] - mean) / params.tau;
  }
}
