// Discrete Fourier transform of a real image along its width, for frequencies 0 to W/2. The other
// frequencies are their conjugates.
// One invocation makes one complex value of the spectrum.
// Prelude: dft.wgsl.

override WORKGROUP_SIZE: u32;

struct Params {
  height: u32,
  width: u32,
  frequencies: u32,  // W/2 + 1, rounded down
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<f32>;             // [H, W, 3]
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;        // [W] cos, sin of 2 pi j/W
@group(0) @binding(3) var<storage, read_write> spectrum: array<vec2f>;  // [H, frequencies, 3]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.height * params.frequencies * 3u) { return; }
  let channel = i % 3u;
  let frequency = i / 3u % params.frequencies;
  let row = i / 3u / params.frequencies * params.width;
  var sum = vec2f(0.0);
  var angle = 0u;
  for (var start = 0u; start < params.width; start += PART) {
    var part = vec2f(0.0);
    for (var x = start; x < min(start + PART, params.width); x++) {
      let twiddle = twiddles[angle];
      part += image[(row + x) * 3u + channel] * vec2f(twiddle.x, -twiddle.y);
      angle = next_angle(angle, frequency, params.width);
    }
    sum += part;
  }
  spectrum[i] = sum;
}
