// Gradient of a Laplacian with mirrored edges.
// One invocation takes one value of the picture: it gathers from all places where the Laplacian saw
// it, at its own position and at those of its mirror images.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  radius: u32,  // rows of weights above the middle; less than both sides
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_laplacian: array<f32>;    // [H, W, 3]
@group(0) @binding(2) var<storage, read> weights: array<f32>;           // [2 radius + 1, 2 radius + 1]
@group(0) @binding(3) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3]

// Position of the value itself (0), of its image before the first edge (1), after the last (2);
// far away if there is no such image.
fn image_of(position: i32, size: u32, which: i32) -> i32 {
  let last = i32(size) - 1;
  if (which == 0) { return position; }
  if (which == 1) { return select(-position, -0x10000, position == 0); }
  return select(2 * last - position, -0x10000, position == last);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let row = 3u * params.width;
  if (i >= params.height * row) { return; }
  let x = i32(i % row / 3u);
  let y = i32(i / row);
  let channel = i32(i % 3u);
  let radius = i32(params.radius);
  let side = 2 * radius + 1;
  var sum = 0.0;
  for (var vertical = 0; vertical < 3; vertical++) {
    let image_y = image_of(y, params.height, vertical);
    let bottom = min(image_y + radius, i32(params.height) - 1);
    for (var horizontal = 0; horizontal < 3; horizontal++) {
      let image_x = image_of(x, params.width, horizontal);
      let right = min(image_x + radius, i32(params.width) - 1);
      for (var from_y = max(image_y - radius, 0); from_y <= bottom; from_y++) {
        let first = from_y * i32(row) + channel;
        // The weight that the Laplacian at (from_x, from_y) gave to the image.
        let middle = (image_y - from_y + radius) * side + image_x + radius;
        for (var from_x = max(image_x - radius, 0); from_x <= right; from_x++) {
          sum += weights[middle - from_x] * grad_laplacian[first + 3 * from_x];
        }
      }
    }
  }
  grad_image[i] = sum;
}
