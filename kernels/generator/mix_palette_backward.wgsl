// Gradient of the mix of palette colors: grad_probs = grad_image palette^T.
// One invocation does one class of one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,     // pixels times classes
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_image: array<f32>;        // [pixels, 3]
@group(0) @binding(2) var<storage, read> palette: array<f32>;           // [classes, 3]
@group(0) @binding(3) var<storage, read_write> grad_probs: array<f32>;  // [pixels, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let g = 3u * (i / params.classes);
  let c = 3u * (i % params.classes);
  grad_probs[i] = grad_image[g] * palette[c] + grad_image[g + 1u] * palette[c + 1u] +
    grad_image[g + 2u] * palette[c + 2u];
}
