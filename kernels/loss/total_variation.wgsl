// Total variation: differences between each pixel and its right and lower neighbor.
// Source: Rudin, Osher & Fatemi 1992, https://doi.org/10.1016/0167-2789(92)90242-F, in the
// anisotropic form, with magnitudes or squares of the differences.
// One invocation does one value. It gathers the gradient from all four neighbors.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  squares: u32,  // 0: magnitudes of differences, 1: their squares
  across: f32,   // weight of a difference along x
  down: f32,     // weight of a difference along y
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;             // [H, W, 3]
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;       // [H, W, 3]
@group(0) @binding(3) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3]

fn cost(difference: f32) -> f32 {
  return select(abs(difference), difference * difference, params.squares == 1u);
}

fn slope(difference: f32) -> f32 {
  return select(sign(difference), 2.0 * difference, params.squares == 1u);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let row = 3u * params.width;
  if (i >= params.height * row) { return; }
  let x = i % row / 3u;
  let y = i / row;
  let value = image[i];
  var term = 0.0;
  var grad = 0.0;
  if (x > 0u) { grad += params.across * slope(value - image[i - 3u]); }
  if (y > 0u) { grad += params.down * slope(value - image[i - row]); }
  if (x + 1u < params.width) {
    let difference = value - image[i + 3u];
    term += params.across * cost(difference);
    grad += params.across * slope(difference);
  }
  if (y + 1u < params.height) {
    let difference = value - image[i + row];
    term += params.down * cost(difference);
    grad += params.down * slope(difference);
  }
  terms[i] = term;
  grad_image[i] = grad;
}
