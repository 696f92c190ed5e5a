// Discrete Fourier transform of a complex image along its height, or its inverse without a factor.
// One invocation makes one complex value.
// Prelude: dft.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  row_size: u32,  // complex values of a row
  sign: f32,      // of the exponent: -1 forward, 1 inverse
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec2f>;            // [H, row_size]
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;        // [H] cos, sin of 2 pi j/H
@group(0) @binding(3) var<storage, read_write> spectrum: array<vec2f>;  // [H, row_size]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.height * params.row_size) { return; }
  let frequency = i / params.row_size;
  let column = i % params.row_size;
  var sum = vec2f(0.0);
  var angle = 0u;
  for (var start = 0u; start < params.height; start += PART) {
    var part = vec2f(0.0);
    for (var y = start; y < min(start + PART, params.height); y++) {
      let value = rows[y * params.row_size + column];
      let twiddle = vec2f(twiddles[angle].x, params.sign * twiddles[angle].y);
      part += vec2f(
        value.x * twiddle.x - value.y * twiddle.y,
        value.x * twiddle.y + value.y * twiddle.x,
      );
      angle = next_angle(angle, frequency, params.height);
    }
    sum += part;
  }
  spectrum[i] = sum;
}
