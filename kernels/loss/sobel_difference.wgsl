// Difference between the edges of two gray images, by Sobel's operators along x and y. The images
// have three equal channels. Outside, they are black. The operators are linear, so they are applied
// to the difference of the images.
// Source: Sobel & Feldman 1968; mean squares as in SD-piXL's function gradient_loss.
// One invocation does one pixel.
// Prelude: sobel.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gray: array<f32>;                // [1, 3, S_H, S_W]
@group(0) @binding(2) var<storage, read> target_gray: array<f32>;         // [1, 3, S_H, S_W]
@group(0) @binding(3) var<storage, read_write> terms: array<f32>;         // [S_H, S_W]
@group(0) @binding(4) var<storage, read_write> grad_edges: array<vec2f>;  // [S_H, S_W] along x, y

fn difference(x: i32, y: i32) -> f32 {
  if (!is_inside(x, y)) { return 0.0; }
  let i = u32(y) * params.width + u32(x);
  return gray[i] - target_gray[i];
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
  var edges = vec2f(0.0);
  for (var k = -1; k <= 1; k++) {
    let weight = smoothing(k);
    edges.x += weight * (difference(x + 1, y + k) - difference(x - 1, y + k));
    edges.y += weight * (difference(x + k, y + 1) - difference(x + k, y - 1));
  }
  let scale = 1.0 / f32(pixels);
  terms[i] = scale * dot(edges, edges);
  grad_edges[i] = 2.0 * scale * edges;
}
