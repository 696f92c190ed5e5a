// Potts loss: how often neighbors differ in class, expected from their probabilities.
// Source: Potts 1952, https://doi.org/10.1017/S0305004100027419.
// One invocation does one pixel. It gathers the gradient from all four neighbors.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  classes: u32,
  across: f32,   // weight of a pair side by side
  down: f32,     // weight of a pair above each other
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;             // [H, W, classes]
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;       // [H, W]
@group(0) @binding(3) var<storage, read_write> grad_probs: array<f32>;  // [H, W, classes]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.height * params.width) { return; }
  let x = pixel % params.width;
  let y = pixel / params.width;
  let row = params.width * params.classes;
  var same_across = 0.0;
  var same_down = 0.0;
  for (var k = 0u; k < params.classes; k++) {
    let i = pixel * params.classes + k;
    var grad = 0.0;
    if (x > 0u) { grad -= params.across * probs[i - params.classes]; }
    if (y > 0u) { grad -= params.down * probs[i - row]; }
    if (x + 1u < params.width) {
      let right = probs[i + params.classes];
      same_across += probs[i] * right;
      grad -= params.across * right;
    }
    if (y + 1u < params.height) {
      let below = probs[i + row];
      same_down += probs[i] * below;
      grad -= params.down * below;
    }
    grad_probs[i] = grad;
  }
  var term = 0.0;
  if (x + 1u < params.width) { term += params.across * (1.0 - same_across); }
  if (y + 1u < params.height) { term += params.down * (1.0 - same_down); }
  terms[pixel] = term;
}
