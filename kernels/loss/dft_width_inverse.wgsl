// Real part of the inverse discrete Fourier transform along the width, without a factor.
// One invocation makes one value of the image.
// Prelude: dft.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  frequencies: u32,  // of a row of the spectrum
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spectrum: array<vec2f>;  // [H, frequencies, 3]
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;  // [W] cos, sin of 2 pi j/W
@group(0) @binding(3) var<storage, read_write> image: array<f32>; // [H, W, 3]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.height * params.width * 3u) { return; }
  let channel = i % 3u;
  let x = i / 3u % params.width;
  let row = i / 3u / params.width * params.frequencies;
  var sum = 0.0;
  var angle = 0u;
  for (var start = 0u; start < params.frequencies; start += PART) {
    var part = 0.0;
    for (var k = start; k < min(start + PART, params.frequencies); k++) {
      let value = spectrum[(row + k) * 3u + channel];
      part += value.x * twiddles[angle].x - value.y * twiddles[angle].y;
      angle = next_angle(angle, x, params.width);
    }
    sum += part;
  }
  image[i] = sum;
}
