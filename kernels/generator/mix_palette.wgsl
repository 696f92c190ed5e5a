// Mix of palette colors by their probabilities: image = probs palette.
// One invocation does one pixel.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,
  classes: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;        // [pixels, classes]
@group(0) @binding(2) var<storage, read> palette: array<f32>;      // [classes, 3]
@group(0) @binding(3) var<storage, read_write> image: array<f32>;  // [pixels, 3]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  var color = vec3f(0.0);
  for (var k = 0u; k < params.classes; k++) {
    let entry = vec3f(palette[3u * k], palette[3u * k + 1u], palette[3u * k + 2u]);
    color += probs[pixel * params.classes + k] * entry;
  }
  image[3u * pixel] = color.x;
  image[3u * pixel + 1u] = color.y;
  image[3u * pixel + 2u] = color.z;
}
