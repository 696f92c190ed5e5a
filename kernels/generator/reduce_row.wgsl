// Runs `reduce` on each row of a tensor [pixels, classes]: the values of one pixel.
// One invocation does one pixel.
// The kernel has `pixels` and `classes` in its params, and defines `reduce`.

override WORKGROUP_SIZE: u32;

struct Row {
  pixel: u32,
  start: u32,  // index of the value of the first class
  end: u32,    // index behind the value of the last class
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pixel = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (pixel >= params.pixels) { return; }
  let start = pixel * params.classes;
  reduce(Row(pixel, start, start + params.classes));
}
