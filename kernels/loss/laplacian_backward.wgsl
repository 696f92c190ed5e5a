// Gradient of a Laplacian with mirrored borders.
// One invocation does one value of the image. It gathers the gradient from all Laplacians that read
// the value, at its own position and at those of its mirror images.
// Prelude: mirror.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  radius: u32,  // rows of weights above the middle, (N - 1) / 2; below height and width
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_laplacian: array<f32>;    // [H, W, 3]
@group(0) @binding(2) var<storage, read> weights: array<f32>;           // [N, N]
@group(0) @binding(3) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3]

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
  let kernel_size = 2 * radius + 1;
  var sum = 0.0;
  for (var vertical = 0; vertical < 3; vertical++) {
    let image_y = mirror_image(y, params.height, vertical);
    let bottom = min(image_y + radius, i32(params.height) - 1);
    for (var horizontal = 0; horizontal < 3; horizontal++) {
      let image_x = mirror_image(x, params.width, horizontal);
      let right = min(image_x + radius, i32(params.width) - 1);
      for (var from_y = max(image_y - radius, 0); from_y <= bottom; from_y++) {
        let first = from_y * i32(row) + channel;
        // The weight that the Laplacian at (from_x, from_y) gave to the image.
        let middle = (image_y - from_y + radius) * kernel_size + image_x + radius;
        for (var from_x = max(image_x - radius, 0); from_x <= right; from_x++) {
          sum += weights[middle - from_x] * grad_laplacian[first + 3 * from_x];
        }
      }
    }
  }
  grad_image[i] = sum;
}
