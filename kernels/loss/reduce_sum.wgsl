// Sums up a tensor, in a fixed order.
// One workgroup does all: each invocation adds up its share in parts, then halves are added.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,  // number of values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;            // [size]
@group(0) @binding(2) var<storage, read_write> total: array<f32>;  // [1]

var<workgroup> sums: array<f32, WORKGROUP_SIZE>;

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
  sums[i] = sum;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (i < half) { sums[i] += sums[i + half]; }
  }
  if (i == 0u) { total[0] = sums[0]; }
}
