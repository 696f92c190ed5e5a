// Class of the maximum logit; on ties, the first one.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> indices: array<u32>;  // [pixels]

fn reduce(row: Row) {
  var best = row.start;
  for (var i = row.start + 1u; i < row.end; i++) {
    if (logits[i] > logits[best]) { best = i; }
  }
  indices[row.pixel] = best - row.start;
}
