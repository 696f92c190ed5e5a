// Resizes an image of three channels.
// Source: torch.nn.functional.interpolate with align_corners=False and antialias=False.
// One invocation makes one value of the output.
// Prelude: resize_taps.wgsl.

override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;       // [H, W, 3] or [1, 3, H, W]
@group(0) @binding(2) var<storage, read_write> out: array<f32>;   // [1, 3, S_H, S_W]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= 3u * params.out_height * params.out_width) { return; }
  let channel = i / (params.out_height * params.out_width);
  let rows = taps_of(i / params.out_width % params.out_height, params.in_height, params.out_height);
  let columns = taps_of(i % params.out_width, params.in_width, params.out_width);
  let base = channel * params.channel_stride;
  if (params.mode == 0u) {
    let top = base + rows.first * params.in_width * params.pixel_stride;
    let bottom = base + rows.last * params.in_width * params.pixel_stride;
    let left = columns.first * params.pixel_stride;
    let right = columns.last * params.pixel_stride;
    let above = (1.0 - columns.fraction) * image[top + left] +
      columns.fraction * image[top + right];
    let below = (1.0 - columns.fraction) * image[bottom + left] +
      columns.fraction * image[bottom + right];
    out[i] = (1.0 - rows.fraction) * above + rows.fraction * below;
    return;
  }
  var sum = 0.0;
  for (var y = rows.first; y <= rows.last; y++) {
    var row_sum = 0.0;
    for (var x = columns.first; x <= columns.last; x++) {
      row_sum += image[base + (y * params.in_width + x) * params.pixel_stride];
    }
    sum += row_sum;
  }
  let count = (rows.last - rows.first + 1u) * (columns.last - columns.first + 1u);
  out[i] = sum / f32(count);
}
