// Changes the perspective of an image, with bilinear interpolation. Outside, the image is 0.
// Source: torchvision.transforms.functional.perspective with bilinear interpolation and no fill.
// One invocation makes one pixel of the output.
// Prelude: perspective_shift.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  a_minus_1: f32,
  b: f32,
  c: f32,
  d: f32,
  e_minus_1: f32,
  f: f32,
  g: f32,
  h: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;      // [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;  // [1, 3, H, W]

fn value_at(channel: u32, y: i32, x: i32) -> f32 {
  if (y < 0 || y >= i32(params.height) || x < 0 || x >= i32(params.width)) { return 0.0; }
  return image[(channel * params.height + u32(y)) * params.width + u32(x)];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let pixels = params.height * params.width;
  if (i >= pixels) { return; }
  // The limit keeps the conversion to integers defined. Positions beyond it read 0.
  let limit = vec2f(f32(params.width), f32(params.height)) + 2.0;
  let shift = clamp(shift_of(i / params.width, i % params.width), -limit, limit);
  let corner = vec2i(vec2u(i % params.width, i / params.width)) + vec2i(floor(shift));
  let fraction = shift - floor(shift);
  for (var channel = 0u; channel < 3u; channel++) {
    let above = (1.0 - fraction.x) * value_at(channel, corner.y, corner.x) +
      fraction.x * value_at(channel, corner.y, corner.x + 1);
    let below = (1.0 - fraction.x) * value_at(channel, corner.y + 1, corner.x) +
      fraction.x * value_at(channel, corner.y + 1, corner.x + 1);
    out[channel * pixels + i] = (1.0 - fraction.y) * above + fraction.y * below;
  }
}
