// Turns an image gray: all three channels get the luma.
// Source: torchvision.transforms.functional.rgb_to_grayscale.
// One invocation makes one pixel.
// Prelude: luma.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  pixels: u32,  // height times width
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;      // [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;  // [1, 3, H, W]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.pixels) { return; }
  let green = i + params.pixels;
  let blue = green + params.pixels;
  let luma = LUMA.x * image[i] + LUMA.y * image[green] + LUMA.z * image[blue];
  out[i] = luma;
  out[green] = luma;
  out[blue] = luma;
}
