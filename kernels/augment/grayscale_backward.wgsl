// Gradient of the conversion to gray: each channel gets its weight times the sum over the outputs.
// One invocation makes one pixel.
// Prelude: luma.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,  // height times width
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_out: array<f32>;          // [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> grad_image: array<f32>;  // [1, 3, H, W]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.pixels) { return; }
  let green = i + params.pixels;
  let blue = green + params.pixels;
  let sum = grad_out[i] + grad_out[green] + grad_out[blue];
  grad_image[i] = LUMA.x * sum;
  grad_image[green] = LUMA.y * sum;
  grad_image[blue] = LUMA.z * sum;
}
