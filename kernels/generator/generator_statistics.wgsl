// Statistics of the probabilities of each pixel: their variance (of the whole population), their
// entropy in nats, and their maximum.
// Prelude: reduce_row.wgsl.

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;                  // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;         // [pixels]
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;          // [pixels]
@group(0) @binding(4) var<storage, read_write> max_probability: array<f32>;  // [pixels]

// A GPU may flush smaller floats to 0, where the logarithm is not finite. They are skipped.
const MIN_NORMAL = 0x1p-126;

fn reduce(row: Row) {
  var sum = 0.0;
  var nats = 0.0;
  var max_p = 0.0;
  for (var i = row.start; i < row.end; i++) {
    let p = probs[i];
    sum += p;
    max_p = max(max_p, p);
    if (p >= MIN_NORMAL) { nats -= p * log(p); }
  }
  let mean = sum / f32(params.classes);
  var squares = 0.0;
  for (var i = row.start; i < row.end; i++) { squares += (probs[i] - mean) * (probs[i] - mean); }
  variance[row.pixel] = squares / f32(params.classes);
  entropy[row.pixel] = nats;
  max_probability[row.pixel] = max_p;
}
