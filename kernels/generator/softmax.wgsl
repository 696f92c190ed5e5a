// Probabilities of logits: softmax(logits / tau).
// Preludes: reduce_row.wgsl, softmax_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
  tau: f32,      // temperature, above 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;       // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> probs: array<f32>;  // [pixels, classes]

fn logit_at(i: u32) -> f32 {
  return logits[i];
}
