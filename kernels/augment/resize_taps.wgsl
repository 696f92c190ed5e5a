// Inputs that an output of a resize reads.
// Source: torch.nn.functional.interpolate with align_corners=False and antialias=False, its modes
// bilinear (0), nearest (1), nearest-exact (2), area (3). Positions are integers, so they are
// exact.

struct Params {
  in_height: u32,
  in_width: u32,
  out_height: u32,
  out_width: u32,
  pixel_stride: u32,    // of the input: distance between adjacent pixels
  channel_stride: u32,  // of the input: distance between adjacent channels
  mode: u32,
}

// Inputs first to last, along one axis. In mode bilinear `last` has the weight `fraction` and
// `first` the rest; in the other modes all weights are equal.
struct Taps {
  first: u32,
  last: u32,
  fraction: f32,
}

// Taps of output `o`.
fn taps_of(o: u32, in_size: u32, out_size: u32) -> Taps {
  switch (params.mode) {
    case 0u: {
      // (o + 1/2) in/out - 1/2, over the common denominator 2 out.
      let position = u32(max(0, i32((2u * o + 1u) * in_size) - i32(out_size)));
      let first = position / (2u * out_size);
      let rest = position - first * 2u * out_size;
      let fraction = f32(rest) / f32(2u * out_size);
      return Taps(first, min(first + 1u, in_size - 1u), fraction);
    }
    case 1u: {
      let nearest = o * in_size / out_size;
      return Taps(nearest, nearest, 0.0);
    }
    case 2u: {
      let nearest = (2u * o + 1u) * in_size / (2u * out_size);
      return Taps(nearest, nearest, 0.0);
    }
    default: {
      let end = ((o + 1u) * in_size + out_size - 1u) / out_size;
      return Taps(o * in_size / out_size, end - 1u, 0.0);
    }
  }
}
