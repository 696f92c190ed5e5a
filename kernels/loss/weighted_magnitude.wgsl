// Weighted magnitudes |F| of a spectrum, and their gradient with respect to F: the weight times
// F / |F|. Where |F| is 0 except for rounding, the gradient is 0.
// One invocation does one complex value.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,       // number of complex values
  threshold: f32,  // maximum |F| that counts as 0
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spectrum: array<vec2f>;          // [H, frequencies, 3]
@group(0) @binding(2) var<storage, read> weights: array<f32>;             // [H, frequencies]
@group(0) @binding(3) var<storage, read_write> magnitudes: array<f32>;    // [H, frequencies, 3]
@group(0) @binding(4) var<storage, read_write> gradient: array<vec2f>;    // [H, frequencies, 3]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let value = spectrum[i];
  let weight = weights[i / 3u];
  let magnitude = length(value);
  magnitudes[i] = weight * magnitude;
  if (magnitude > params.threshold) {
    gradient[i] = weight / magnitude * value;
  } else {
    gradient[i] = vec2f(0.0);
  }
}
