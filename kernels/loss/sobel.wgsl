// Sobel's operators in images of `height` x `width` pixels, as in the kernel's params.

// Smoothing weight of the rows or columns -1, 0 and 1 around a pixel: 1, 2, 1.
fn smoothing(k: i32) -> f32 {
  return f32(2 - abs(k));
}

fn is_inside(x: i32, y: i32) -> bool {
  return x >= 0 && y >= 0 && x < i32(params.width) && y < i32(params.height);
}
