// Rescales the logits of each pixel to one L2 norm, in place. Zeros stay.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
  norm: f32,     // norm of the result, 0 or more
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;  // [pixels, classes]

fn reduce(row: Row) {
  var squares = 0.0;
  for (var i = row.start; i < row.end; i++) { squares += logits[i] * logits[i]; }
  if (squares == 0.0) { return; }
  let factor = params.norm / sqrt(squares);
  for (var i = row.start; i < row.end; i++) { logits[i] *= factor; }
}
