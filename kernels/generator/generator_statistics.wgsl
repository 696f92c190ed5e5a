// How decided each pixel is: variance (of the whole population) and greatest of its
// probabilities, and their entropy in nats.
// One invocation does one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;                  // [pixels, classes]
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;         // [pixels]
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;          // [pixels]
@group(0) @binding(4) var<storage, read_write> max_probability: array<f32>;  // [pixels]

// Smaller floats may count as 0, of which the logarithm is not finite; they add nothing.
const MIN_NORMAL = 0x1p-126;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  let end = start + params.classes;
  var sum = 0.0;
  var disorder = 0.0;
  var greatest = 0.0;
  for (var i = start; i < end; i++) {
    let p = probs[i];
    sum += p;
    greatest = max(greatest, p);
    if (p >= MIN_NORMAL) { disorder -= p * log(p); }
  }
  let mean = sum / f32(params.classes);
  var squares = 0.0;
  for (var i = start; i < end; i++) { squares += (probs[i] - mean) * (probs[i] - mean); }
  variance[pixel] = squares / f32(params.classes);
  entropy[pixel] = disorder;
  max_probability[pixel] = greatest;
}
