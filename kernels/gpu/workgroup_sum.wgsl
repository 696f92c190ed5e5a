// Adds up one value of each invocation of a workgroup, by halves, in a fixed order.

override WORKGROUP_SIZE: u32;

var<workgroup> sums: array<f32, WORKGROUP_SIZE>;

// Leaves the sum in sums[0], for invocation 0. All invocations call it.
fn sum_over_workgroup(i: u32, value: f32) {
  sums[i] = value;
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (i < half) { sums[i] += sums[i + half]; }
  }
}
