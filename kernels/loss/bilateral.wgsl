// Bilateral loss: squared differences between a pixel and its neighbors. Their weights fall with
// the distance in pixels and in color, so large differences, which are edges, count little.
// Source: Tomasi & Manduchi 1998, https://doi.org/10.1109/ICCV.1998.710815; neighbors and means as
// in SD-piXL's function bilateral_edge_preserving_loss. There an offset (dx, dy) counts if |dx +
// dy| is at most the distance. It starts from the pixels that the opposite offset reaches, so from
// the last of them it leads over the border and enters at the opposite one.
// One invocation does one value. It gathers the gradient from all neighbors.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  distance: u32,     // maximum offset, below height and width
  sigma_color: f32,
  sigma_space: f32,  // pixels
  scale: f32,        // 1 / number of offsets
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;             // [H, W, 3]
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;       // [H, W, 3]
@group(0) @binding(3) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3]

// Whether an offset along an axis starts from a position.
fn starts(position: i32, offset: i32, size: i32) -> bool {
  return position >= max(0, offset) && position < min(size, size + offset);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let row = 3u * params.width;
  if (i >= params.height * row) { return; }
  let width = i32(params.width);
  let height = i32(params.height);
  let distance = i32(params.distance);
  let x = i32(i % row / 3u);
  let y = i32(i / row);
  let channel = i32(i % 3u);
  let value = image[i];
  var term = 0.0;
  var grad = 0.0;
  for (var dy = -distance; dy <= distance; dy++) {
    let to_y = (y + dy + height) % height;
    for (var dx = -distance; dx <= distance; dx++) {
      if ((dx == 0 && dy == 0) || abs(dx + dy) > distance) { continue; }
      let to_x = (x + dx + width) % width;
      let there = starts(x, dx, width) && starts(y, dy, height);
      // Whether the opposite offset leads from that neighbor to this value.
      let back = starts(to_x, -dx, width) && starts(to_y, -dy, height);
      let difference = value - image[(to_y * width + to_x) * 3 + channel];
      let ratio = difference / params.sigma_color;
      let steps = vec2f(f32(dx), f32(dy)) / params.sigma_space;
      let count = 3 * (height - abs(dy)) * (width - abs(dx));
      let weight = params.scale / f32(count) * exp(-0.5 * (dot(steps, steps) + ratio * ratio));
      let slope = weight * difference * (2.0 - ratio * ratio);
      if (there) { term += weight * difference * difference; }
      grad += slope * (f32(there) + f32(back));
    }
  }
  terms[i] = term;
  grad_image[i] = grad;
}
