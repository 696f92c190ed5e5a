// Classes of pixels without orphans. An orphan has the class of none of its four neighbors. It
// takes the most likely class among theirs, unless its own is more likely by the margin.
// One invocation does one pixel. It reads the classes before the removal, so the order of the
// invocations does not matter.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  classes: u32,
  margin: f32,   // difference of logits, 0 or more
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;         // [height, width, classes]
@group(0) @binding(2) var<storage, read> indices: array<u32>;        // [height, width]
@group(0) @binding(3) var<storage, read_write> cleaned: array<u32>;  // [height, width]

const NEIGHBORS = array(vec2i(0, -1), vec2i(0, 1), vec2i(-1, 0), vec2i(1, 0));

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.height * params.width) { return; }
  let own = indices[pixel];
  let size = vec2i(i32(params.width), i32(params.height));
  let position = vec2i(i32(pixel % params.width), i32(pixel / params.width));
  let start = pixel * params.classes;
  var best = own;
  var best_logit = logits[start + own] - params.margin;
  var is_orphan = true;
  for (var i = 0u; i < 4u; i++) {
    let other = position + NEIGHBORS[i];
    if (any(other < vec2i(0)) || any(other >= size)) { continue; }
    let neighbor = indices[other.y * size.x + other.x];
    if (neighbor == own) { is_orphan = false; }
    if (logits[start + neighbor] > best_logit) {
      best = neighbor;
      best_logit = logits[start + neighbor];
    }
  }
  cleaned[pixel] = select(own, best, is_orphan);
}
