// L2 norm of a gradient, in a fixed order.
// One workgroup does all: each invocation adds up the squares of its share, four at a time to
// hide the latency of memory; then halves are added.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,  // number of values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;        // [size]
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;  // [1]

var<workgroup> sums: array<f32, WORKGROUP_SIZE>;

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
  sums[i] = (squares.x + squares.y) + (squares.z + squares.w);
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (i < half) { sums[i] += sums[i + half]; }
  }
  if (i == 0u) { norm[0] = sqrt(sums[0]); }
}
