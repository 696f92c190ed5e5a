// Gradient of a resize with respect to its input.
// Source: as resize.wgsl; modes bilinear (0), nearest (1), nearest-exact (2), area (3).
// One invocation makes one value of the gradient: it adds up, in a fixed order, the outputs that
// read it.

override WORKGROUP_SIZE: u32;

struct Params {
  in_height: u32,
  in_width: u32,
  out_height: u32,
  out_width: u32,
  pixel_stride: u32,    // of the input: from a pixel to the next one
  channel_stride: u32,  // of the input: from a channel to the next one
  mode: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad_out: array<f32>;          // [1, 3, S_H, S_W]
@group(0) @binding(2) var<storage, read_write> grad_image: array<f32>;  // [H, W, 3] or [1, 3, H, W]

/// Outputs first to last: no other reads input `i` along this axis, in any mode.
struct Span {
  first: u32,
  last: u32,
}

/// The position o in/out of an output that reads i lies between i - 1 and i + 1 (bilinear is the
/// widest); a margin of one more output takes up the half pixels.
fn readers_of(i: u32, in_size: u32, out_size: u32) -> Span {
  let first = i32((2 * i32(i) - 1) * i32(out_size)) / i32(2u * in_size) - 1;
  let last = (2u * i + 3u) * out_size / (2u * in_size) + 1u;
  return Span(u32(max(0, first)), min(last, out_size - 1u));
}

/// Weight of input `i` in output `o`.
fn weight_of(o: u32, i: u32, in_size: u32, out_size: u32) -> f32 {
  switch (params.mode) {
    case 0u: {
      let position = u32(max(0, i32((2u * o + 1u) * in_size) - i32(out_size)));
      let first = position / (2u * out_size);
      let rest = position - first * 2u * out_size;
      let fraction = f32(rest) / f32(2u * out_size);
      let last = min(first + 1u, in_size - 1u);
      return select(0.0, 1.0 - fraction, i == first) + select(0.0, fraction, i == last);
    }
    case 1u: {
      return select(0.0, 1.0, i == o * in_size / out_size);
    }
    case 2u: {
      return select(0.0, 1.0, i == (2u * o + 1u) * in_size / (2u * out_size));
    }
    default: {
      let first = o * in_size / out_size;
      let end = ((o + 1u) * in_size + out_size - 1u) / out_size;
      return select(0.0, 1.0 / f32(end - first), i >= first && i < end);
    }
  }
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
