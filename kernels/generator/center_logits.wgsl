// Subtracts the mean over the classes from the logits, in place. No probability changes.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;  // [pixels, classes]

fn reduce(row: Row) {
  var sum = 0.0;
  for (var i = row.start; i < row.end; i++) { sum += logits[i]; }
  let mean = sum / f32(params.classes);
  for (var i = row.start; i < row.end; i++) { logits[i] -= mean; }
}
