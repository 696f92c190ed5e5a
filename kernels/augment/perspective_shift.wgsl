// Shift between an output pixel and the point of the input that it shows.
// Source: torchvision.transforms.functional.perspective. An output pixel at (x, y), counted from
// pixel corners, shows the input at
// ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1)).
// The kernel has the coefficients in its params.

// The shift along x and y, in pixels. It has less rounding than a position.
fn shift_of(row: u32, column: u32) -> vec2f {
  let x = f32(column) + 0.5;
  let y = f32(row) + 0.5;
  let slope = params.g * x + params.h * y;
  // A point at infinity: far outside of the image.
  if (slope + 1.0 == 0.0) { return vec2f(1e9); }
  return vec2f(
    params.a_minus_1 * x + params.b * y + params.c - slope * x,
    params.d * x + params.e_minus_1 * y + params.f - slope * y,
  ) / (slope + 1.0);
}
