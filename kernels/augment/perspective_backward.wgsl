// Gradient of a change of perspective with respect to its input. An input pixel is read by the
// output pixels whose source lies less than one pixel away from it. Those lie inside the image of
// that square under the inverse map, a quadrilateral. Only its bounding box is searched, or the
// whole output where the square meets the horizon.
// One invocation makes one pixel of the gradient. It adds up the output pixels that read it, in a
// fixed order.
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
  inverse_a: f32,  // the inverse map, up to a common factor
  inverse_b: f32,
  inverse_c: f32,
  inverse_d: f32,
  inverse_e: f32,
  inverse_f: f32,
  inverse_g: f32,
  inverse_h: f32,
  inverse_i: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_out: array<f32>;          // [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> grad_image: array<f32>;  // [1, 3, H, W]

struct Box {
  first: vec2u,  // column and row
  end: vec2u,    // behind the last column and row
}

// Maps a point of the input, counted from pixel corners, to the output, before the division.
fn inverse_of(point: vec2f) -> vec3f {
  return vec3f(
    params.inverse_a * point.x + params.inverse_b * point.y + params.inverse_c,
    params.inverse_d * point.x + params.inverse_e * point.y + params.inverse_f,
    params.inverse_g * point.x + params.inverse_h * point.y + params.inverse_i,
  );
}

// Box of the output pixels that may read an input pixel.
fn readers_of(row: u32, column: u32) -> Box {
  let size = vec2f(f32(params.width), f32(params.height));
  let whole = Box(vec2u(0u), vec2u(params.width, params.height));
  let center = vec2f(f32(column), f32(row)) + 0.5;
  var corners = array(vec2f(-1.0, -1.0), vec2f(1.0, -1.0), vec2f(-1.0, 1.0), vec2f(1.0, 1.0));
  var min_corner = size;
  var max_corner = vec2f(0.0);
  var min_depth = 3.4e38;
  var max_depth = 0.0;
  var signs = 0.0;
  for (var k = 0; k < 4; k++) {
    let point = inverse_of(center + corners[k]);
    signs += sign(point.z);
    min_depth = min(min_depth, abs(point.z));
    max_depth = max(max_depth, abs(point.z));
    // Where the depth is 0, the box is not used.
    let at = point.xy / select(point.z, 1.0, point.z == 0.0);
    min_corner = min(min_corner, at);
    max_corner = max(max_corner, at);
  }
  if (abs(signs) < 4.0 || min_depth < 0.01 * max_depth) { return whole; }
  // A margin of one pixel absorbs all rounding.
  let first = clamp(floor(min_corner - 0.5) - 1.0, vec2f(0.0), size);
  let end = clamp(ceil(max_corner - 0.5) + 2.0, vec2f(0.0), size);
  return Box(vec2u(first), vec2u(end));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let pixels = params.height * params.width;
  if (i >= pixels) { return; }
  let here = vec2i(vec2u(i % params.width, i / params.width));
  let box = readers_of(i / params.width, i % params.width);
  var sum = vec3f(0.0);
  for (var row = box.first.y; row < box.end.y; row++) {
    for (var column = box.first.x; column < box.end.x; column++) {
      let distance = abs(vec2f(vec2i(vec2u(column, row)) - here) + shift_of(row, column));
      if (!all(distance < vec2f(1.0))) { continue; }
      let weight = (1.0 - distance.x) * (1.0 - distance.y);
      let reader = row * params.width + column;
      sum += weight *
        vec3f(grad_out[reader], grad_out[pixels + reader], grad_out[2u * pixels + reader]);
    }
  }
  grad_image[i] = sum.x;
  grad_image[pixels + i] = sum.y;
  grad_image[2u * pixels + i] = sum.z;
}
