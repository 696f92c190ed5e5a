// One-hot vector of the maximum probability; on ties, of the first one.
// Its gradient is taken to be the identity.
// Source: Jang et al. 2017, https://arxiv.org/abs/1611.01144, Section 2.2.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;       // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> hard: array<f32>;  // [pixels, classes]

fn reduce(row: Row) {
  var best = row.start;
  for (var i = row.start + 1u; i < row.end; i++) {
    if (probs[i] > probs[best]) { best = i; }
  }
  for (var i = row.start; i < row.end; i++) { hard[i] = select(0.0, 1.0, i == best); }
}
