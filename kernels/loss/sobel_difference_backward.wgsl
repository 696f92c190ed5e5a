// Gradient of Sobel's operators with respect to a gray image.
// One invocation does one pixel. It gathers from the eight edges that read it. The gradient goes to
// the first of three channels, since a conversion to gray makes all of them equal.
// Prelude: sobel.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_edges: array<vec2f>;     // [S_H, S_W], along x and y
@group(0) @binding(2) var<storage, read_write> grad_gray: array<f32>;  // [1, 3, S_H, S_W]

fn edges_at(x: i32, y: i32) -> vec2f {
  if (!is_inside(x, y)) { return vec2f(0.0); }
  return grad_edges[u32(y) * params.width + u32(x)];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let pixels = params.height * params.width;
  if (i >= pixels) { return; }
  let x = i32(i % params.width);
  let y = i32(i / params.width);
  var sum = 0.0;
  for (var k = -1; k <= 1; k++) {
    let weight = smoothing(k);
    sum += weight * (edges_at(x - 1, y + k).x - edges_at(x + 1, y + k).x);
    sum += weight * (edges_at(x + k, y - 1).y - edges_at(x + k, y + 1).y);
  }
  grad_gray[i] = sum;
  grad_gray[i + pixels] = 0.0;
  grad_gray[i + 2u * pixels] = 0.0;
}
