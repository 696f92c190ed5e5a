// L2 norm of a gradient, in a fixed order.
// One workgroup does all. Each invocation adds up the squares of its share, four at a time to hide
// the latency of memory.
// Prelude: workgroup_sum.wgsl.

struct Params {
  size: u32,  // number of values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;        // [size]
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;  // [1]

fn square_at(i: u32) -> f32 {
  let value = grad[min(i, params.size - 1u)];
  return select(0.0, value * value, i < params.size);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) i: u32) {
  var squares = vec4f(0.0);
  for (var k = i; k < params.size; k += 4u * WORKGROUP_SIZE) {
    squares += vec4f(
      square_at(k),
      square_at(k + WORKGROUP_SIZE),
      square_at(k + 2u * WORKGROUP_SIZE),
      square_at(k + 3u * WORKGROUP_SIZE),
    );
  }
  sum_over_workgroup(i, (squares.x + squares.y) + (squares.z + squares.w));
  if (i == 0u) { norm[0] = sqrt(sums[0]); }
}
