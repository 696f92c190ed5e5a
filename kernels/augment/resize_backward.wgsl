// Gradient of a resize with respect to its input.
// One invocation makes one value of the gradient. It adds up the outputs that read it, in a fixed
// order.
// Prelude: resize_taps.wgsl.

override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_out: array<f32>;          // [1, 3, S_H, S_W]
@group(0) @binding(2) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3] or [1, 3, H, W]

// Outputs first to last along one axis.
struct Span {
  first: u32,
  last: u32,
}

// Outputs that may read input `i`, in any mode. The position o in/out of an output that reads i
// lies between i - 1 and i + 1 (bilinear is the widest). A margin of one output absorbs the half
// pixels.
fn readers_of(i: u32, in_size: u32, out_size: u32) -> Span {
  let first = i32((2 * i32(i) - 1) * i32(out_size)) / i32(2u * in_size) - 1;
  let last = (2u * i + 3u) * out_size / (2u * in_size) + 1u;
  return Span(u32(max(0, first)), min(last, out_size - 1u));
}

// Weight of input `i` in output `o`.
fn weight_of(o: u32, i: u32, in_size: u32, out_size: u32) -> f32 {
  let taps = taps_of(o, in_size, out_size);
  if (params.mode == 0u) {
    return select(0.0, 1.0 - taps.fraction, i == taps.first) +
      select(0.0, taps.fraction, i == taps.last);
  }
  let count = taps.last - taps.first + 1u;
  return select(0.0, 1.0 / f32(count), i >= taps.first && i <= taps.last);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  let pixels = params.in_height * params.in_width;
  if (i >= 3u * pixels) { return; }
  let channel = i / pixels;
  let y = i / params.in_width % params.in_height;
  let x = i % params.in_width;
  let rows = readers_of(y, params.in_height, params.out_height);
  let columns = readers_of(x, params.in_width, params.out_width);
  var sum = 0.0;
  for (var row = rows.first; row <= rows.last; row++) {
    let weight = weight_of(row, y, params.in_height, params.out_height);
    if (weight == 0.0) { continue; }
    let base = (channel * params.out_height + row) * params.out_width;
    var row_sum = 0.0;
    for (var column = columns.first; column <= columns.last; column++) {
      row_sum += weight_of(column, x, params.in_width, params.out_width) * grad_out[base + column];
    }
    sum += weight * row_sum;
  }
  grad_image[i % pixels * params.pixel_stride + channel * params.channel_stride] = sum;
}
