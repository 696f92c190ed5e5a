// Sum of a tensor, in a fixed order.
// One workgroup does all. Each invocation adds up its share in parts.
// Prelude: workgroup_sum.wgsl.

struct Params {
  size: u32,  // number of values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;            // [size]
@group(0) @binding(2) var<storage, read_write> total: array<f32>;  // [1]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) i: u32) {
  var sum = 0.0;
  // Sums of parts lose less to rounding than one long sum.
  for (var start = i; start < params.size; start += 64u * WORKGROUP_SIZE) {
    var part = 0.0;
    let end = min(params.size, start + 64u * WORKGROUP_SIZE);
    for (var k = start; k < end; k += WORKGROUP_SIZE) { part += x[k]; }
    sum += part;
  }
  sum_over_workgroup(i, sum);
  if (i == 0u) { total[0] = sums[0]; }
}
