// Sums of a discrete Fourier transform. Their terms are added up in parts, since sums of parts lose
// less to rounding than one long sum.

// Number of terms of a part.
const PART = 16u;

// Index of the next twiddle factor: (angle + step) modulo size. Both are below size.
fn next_angle(angle: u32, step: u32, size: u32) -> u32 {
  let next = angle + step;
  return select(next, next - size, next >= size);
}
