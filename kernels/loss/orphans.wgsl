// Orphan loss: how many pixels have the class of none of their four neighbors, expected from the
// probabilities.
// One invocation does one class of one pixel. It gathers the gradient from the products of this
// pixel and of its neighbors.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  classes: u32,
  counted: u32,  // the first classes, whose orphans count
  scale: f32,    // weight of an orphan
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;             // [H, W, classes]
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;       // [H, W, classes]
@group(0) @binding(3) var<storage, read_write> grad_probs: array<f32>;  // [H, W, classes]

const NEIGHBORS = array(vec2i(0, -1), vec2i(0, 1), vec2i(-1, 0), vec2i(1, 0));

fn is_inside(position: vec2i) -> bool {
  return all(position >= vec2i(0)) &&
    all(position < vec2i(i32(params.width), i32(params.height)));
}

fn prob_at(position: vec2i, class_index: u32) -> f32 {
  return probs[u32(position.y * i32(params.width) + position.x) * params.classes + class_index];
}

// The probability that no neighbor has the class; one of them is left out.
fn alone(position: vec2i, class_index: u32, left_out: vec2i) -> f32 {
  var product = 1.0;
  for (var n = 0u; n < 4u; n++) {
    let other = position + NEIGHBORS[n];
    if (is_inside(other) && any(other != left_out)) {
      product *= 1.0 - prob_at(other, class_index);
    }
  }
  return product;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.height * params.width * params.classes) { return; }
  let class_index = i % params.classes;
  if (class_index >= params.counted) {
    terms[i] = 0.0;
    grad_probs[i] = 0.0;
    return;
  }
  let pixel = i32(i / params.classes);
  let position = vec2i(pixel % i32(params.width), pixel / i32(params.width));
  let own = alone(position, class_index, position);
  var grad = own;
  for (var n = 0u; n < 4u; n++) {
    let other = position + NEIGHBORS[n];
    if (!is_inside(other)) { continue; }
    grad -= prob_at(other, class_index) * alone(other, class_index, position);
  }
  terms[i] = params.scale * probs[i] * own;
  grad_probs[i] = params.scale * grad;
}
