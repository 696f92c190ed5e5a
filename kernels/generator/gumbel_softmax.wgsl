// Probabilities of logits with noise: softmax((logits + noise) / tau).
// Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, Eq. 2.
// Preludes: reduce_row.wgsl, softmax_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
  tau: f32,      // temperature, above 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;       // [pixels, classes]
@group(0) @binding(2) var<storage, read> noise: array<f32>;        // [pixels, classes]
@group(0) @binding(3) var<storage, read_write> probs: array<f32>;  // [pixels, classes]

fn logit_at(i: u32) -> f32 {
  return logits[i] + noise[i];
}
