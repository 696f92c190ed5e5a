// Loss of loose parts: how often opaque pixels hold together badly, expected from the probability
// of the transparent class. These patterns count:
//   alone     an opaque pixel without opaque neighbors
//   bridge    an opaque pixel with opaque neighbors at two opposite sides only
//   corner    two opaque pixels that touch at a corner only
// One invocation does one pixel. Outside of the picture all is transparent.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  classes: u32,  // the last one is transparent
  scale: f32,    // weight of a pattern
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probs: array<f32>;             // [H, W, classes]
@group(0) @binding(2) var<storage, read_write> terms: array<f32>;       // [H, W]
@group(0) @binding(3) var<storage, read_write> grad_probs: array<f32>;  // [H, W, classes]

// Pixels of each pattern around its own: column, row, and 1 where it is opaque.
const LENGTH = 5u;
const PATTERNS = array(
  vec3i(0, 0, 1), vec3i(0, -1, 0), vec3i(0, 1, 0), vec3i(-1, 0, 0), vec3i(1, 0, 0),
  vec3i(0, 0, 1), vec3i(0, -1, 0), vec3i(0, 1, 0), vec3i(-1, 0, 1), vec3i(1, 0, 1),
  vec3i(0, 0, 1), vec3i(0, -1, 1), vec3i(0, 1, 1), vec3i(-1, 0, 0), vec3i(1, 0, 0),
);
// Pixels of the squares whose diagonal is opaque.
const SQUARE = 4u;
const CORNERS = array(
  vec3i(0, 0, 1), vec3i(1, 0, 0), vec3i(0, 1, 0), vec3i(1, 1, 1),
  vec3i(0, 0, 0), vec3i(1, 0, 1), vec3i(0, 1, 1), vec3i(1, 1, 0),
);

fn opaque_at(position: vec2i) -> f32 {
  let size = vec2i(i32(params.width), i32(params.height));
  if (any(position < vec2i(0)) || any(position >= size)) { return 0.0; }
  let pixel = u32(position.y * size.x + position.x);
  return 1.0 - probs[(pixel + 1u) * params.classes - 1u];
}

// The probability that a pixel is as a pattern has it.
fn factor(origin: vec2i, part: vec3i) -> f32 {
  let opaque = opaque_at(origin + part.xy);
  return select(1.0 - opaque, opaque, part.z == 1);
}

// The probability of a pattern, one of whose pixels is left out.
fn pattern(origin: vec2i, first: u32, left_out: u32) -> f32 {
  var product = 1.0;
  for (var i = 0u; i < LENGTH; i++) {
    if (i != left_out) { product *= factor(origin, PATTERNS[first + i]); }
  }
  return product;
}

fn corner(origin: vec2i, first: u32, left_out: u32) -> f32 {
  var product = 1.0;
  for (var i = 0u; i < SQUARE; i++) {
    if (i != left_out) { product *= factor(origin, CORNERS[first + i]); }
  }
  return product;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.height * params.width) { return; }
  let position = vec2i(i32(pixel % params.width), i32(pixel / params.width));
  var term = 0.0;
  var grad = 0.0;  // with respect to the opacity of the pixel
  for (var p = 0u; p < 3u * LENGTH; p += LENGTH) {
    term += pattern(position, p, LENGTH);
    for (var i = 0u; i < LENGTH; i++) {
      let part = PATTERNS[p + i];
      grad += select(-1.0, 1.0, part.z == 1) * pattern(position - part.xy, p, i);
    }
  }
  for (var p = 0u; p < 2u * SQUARE; p += SQUARE) {
    term += corner(position, p, SQUARE);
    for (var i = 0u; i < SQUARE; i++) {
      let part = CORNERS[p + i];
      grad += select(-1.0, 1.0, part.z == 1) * corner(position - part.xy, p, i);
    }
  }
  terms[pixel] = params.scale * term;
  let last = (pixel + 1u) * params.classes - 1u;
  for (var i = pixel * params.classes; i < last; i++) { grad_probs[i] = 0.0; }
  grad_probs[last] = -params.scale * grad;
}
