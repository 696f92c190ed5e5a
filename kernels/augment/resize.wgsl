// Resizes a picture of three channels.
// Source: torch.nn.functional.interpolate with align_corners=False and antialias=False, its modes
// bilinear (0), nearest (1), nearest-exact (2), area (3); positions in integers, so they are exact.
// One invocation makes one value of the output.

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
@group(0) @binding(1) var<storage, read> image: array<f32>;       // [H, W, 3] or [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [1, 3, S_H, S_W]

/// What an output reads along one axis: inputs first to last. The weight of a bilinear pair's
/// second is `fraction`; the others are weighted alike.
struct Span {
  first: u32,
  last: u32,
  fraction: f32,
}

fn span_of(o: u32, in_size: u32, out_size: u32) -> Span {
  switch (params.mode) {
    case 0u: {
      // (o + 1/2) in/out - 1/2, over the common denominator 2 out.
      let position = u32(max(0, i32((2u * o + 1u) * in_size) - i32(out_size)));
      let first = position / (2u * out_size);
      let rest = position - first * 2u * out_size;
      let fraction = f32(rest) / f32(2u * out_size);
      return Span(first, min(first + 1u, in_size - 1u), fraction);
    }
    case 1u: {
      let nearest = o * in_size / out_size;
      return Span(nearest, nearest, 0.0);
    }
    case 2u: {
      let nearest = (2u * o + 1u) * in_size / (2u * out_size);
      return Span(nearest, nearest, 0.0);
    }
    default: {
      let end = ((o + 1u) * in_size + out_size - 1u) / out_size;
      return Span(o * in_size / out_size, end - 1u, 0.0);
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= 3u * params.out_height * params.out_width) { return; }
  let channel = i / (params.out_height * params.out_width);
  let rows = span_of(i / params.out_width % params.out_height, params.in_height, params.out_height);
  let columns = span_of(i % params.out_width, params.in_width, params.out_width);
  let base = channel * params.channel_stride;
  if (params.mode == 0u) {
    let top = base + rows.first * params.in_width * params.pixel_stride;
    let bottom = base + rows.last * params.in_width * params.pixel_stride;
    let left = columns.first * params.pixel_stride;
    let right = columns.last * params.pixel_stride;
    let above = (1.0 - columns.fraction) * image[top + left] + columns.fraction * image[top + right];
    let below = (1.0 - columns.fraction) * image[bottom + left] +
      columns.fraction * image[bottom + right];
    out[i] = (1.0 - rows.fraction) * above + rows.fraction * below;
    return;
  }
  var sum = 0.0;
  for (var y = rows.first; y <= rows.last; y++) {
    var row_sum = 0.0;
    for (var x = columns.first; x <= columns.last; x++) {
      row_sum += image[base + (y * params.in_width + x) * params.pixel_stride];
    }
    sum += row_sum;
  }
  let count = (rows.last - rows.first + 1u) * (columns.last - columns.first + 1u);
  out[i] = sum / f32(count);
}
