// Laplacian of an image: the difference between a pixel and the weighted mean of its neighbors. The
// borders are mirrored.
// Source: torch's padding "reflect" followed by conv2d, as in SD-piXL's class Laplacian_Loss.
// One invocation does one value. It adds up differences, so a flat image gives exactly 0.
// Prelude: mirror.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  radius: u32,   // rows of weights above the middle, (N - 1) / 2
  squares: u32,  // 0: magnitudes of the Laplacian, 1: its squares
  scale: f32,    // weight of a value
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;                 // [H, W, 3]
@group(0) @binding(2) var<storage, read> weights: array<f32>;               // [N, N]
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;           // [H, W, 3]
@group(0) @binding(4) var<storage, read_write> grad_laplacian: array<f32>;  // [H, W, 3]

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
  let value = image[i];
  var laplacian = 0.0;
  var k = 0;
  for (var dy = -radius; dy <= radius; dy++) {
    let first = mirror(y + dy, params.height) * i32(row) + channel;
    for (var dx = -radius; dx <= radius; dx++) {
      laplacian += weights[k] * (image[first + 3 * mirror(x + dx, params.width)] - value);
      k++;
    }
  }
  if (params.squares == 1u) {
    terms[i] = params.scale * laplacian * laplacian;
    grad_laplacian[i] = params.scale * 2.0 * laplacian;
  } else {
    terms[i] = params.scale * abs(laplacian);
    grad_laplacian[i] = params.scale * sign(laplacian);
  }
}
