// Mirrored borders: torch's padding "reflect", which does not repeat the border itself.

// Position inside of the image whose value stands at a position at most `size` - 1 outside of it.
fn mirror(position: i32, size: u32) -> i32 {
  let last = i32(size) - 1;
  return last - abs(last - abs(position));
}

// The inverse: position of the value itself (0), of its mirror image before the first border (1) or
// behind the last (2); far away if there is none.
fn mirror_image(position: i32, size: u32, which: i32) -> i32 {
  let last = i32(size) - 1;
  if (which == 0) { return position; }
  if (which == 1) { return select(-position, -0x10000, position == 0); }
  return select(2 * last - position, -0x10000, position == last);
}
