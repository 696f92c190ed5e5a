// Fast Fourier transform of lines of an image or spectrum, along one axis, or its inverse without a
// factor.
// One workgroup transforms one line. A line of a power of two is transformed by Stockham's
// algorithm; any other by Bluestein's, as a convolution with a chirp.

override WORKGROUP_SIZE: u32;

// The maximum length of a transform: the first power of two above 2 * 512 - 2.
const MAX_LENGTH = 1024u;

struct Params {
  lines: u32,
  inner: u32,      // adjacent lines
  length: u32,     // of the transform, a power of two
  size: u32,       // of the axis
  is_chirp: u32,   // whether size and length differ
  from_count: u32, // values of a line; those behind are zero
  from_real: u32,  // whether they are real
  to_count: u32,   // values of a line that are written
  to_real: u32,    // whether only their real part is
  sign: f32,       // of the exponent: -1 forward, 1 inverse
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;            // [.., from_count, inner(, 2)]
@group(0) @binding(2) var<storage, read> twiddles: array<vec2f>;   // [length] exp(-2 pi i j/length)
@group(0) @binding(3) var<storage, read> chirp: array<vec2f>;      // [size] exp(-pi i j^2/size)
@group(0) @binding(4) var<storage, read> chirp_spectrum: array<vec2f>;  // [length], over length
@group(0) @binding(5) var<storage, read_write> y: array<f32>;      // [.., to_count, inner(, 2)]

// Two halves: each stage reads one and writes the other.
var<workgroup> values: array<vec2f, 2 * MAX_LENGTH>;

fn multiply(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

// Transforms the half that starts at `first`, and returns where the result starts.
// direction: 1 forward, -1 inverse
fn transform(i: u32, first: u32, direction: f32) -> u32 {
  var source_half = first;
  let half = params.length / 2u;
  for (var m = 1u; m < params.length; m *= 2u) {
    let target_half = MAX_LENGTH - source_half;
    for (var t = i; t < half; t += WORKGROUP_SIZE) {
      let k = t % m;
      let start = t - k;  // j * m
      let twiddle = twiddles[start] * vec2f(1.0, direction);
      let a = values[source_half + t];
      let b = values[source_half + t + half];
      values[target_half + 2u * start + k] = a + b;
      values[target_half + 2u * start + k + m] = multiply(twiddle, a - b);
    }
    workgroupBarrier();
    source_half = target_half;
  }
  return source_half;
}

fn index_of(line: u32, j: u32, count: u32) -> u32 {
  return (line / params.inner * count + j) * params.inner + line % params.inner;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(local_invocation_index) i: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let line = group.x + group.y * groups.x;
  if (line >= params.lines) { return; }
  for (var j = i; j < params.length; j += WORKGROUP_SIZE) {
    var value = vec2f(0.0);
    if (j < params.from_count) {
      let at = index_of(line, j, params.from_count);
      if (params.from_real == 1u) {
        value.x = x[at];
      } else {
        value = vec2f(x[2u * at], -params.sign * x[2u * at + 1u]);
      }
      if (params.is_chirp == 1u) { value = multiply(value, chirp[j]); }
    }
    values[j] = value;
  }
  workgroupBarrier();
  var at = transform(i, 0u, 1.0);
  if (params.is_chirp == 1u) {
    for (var j = i; j < params.length; j += WORKGROUP_SIZE) {
      values[at + j] = multiply(values[at + j], chirp_spectrum[j]);
    }
    workgroupBarrier();
    at = transform(i, at, -1.0);
  }
  for (var j = i; j < params.to_count; j += WORKGROUP_SIZE) {
    var value = values[at + j];
    if (params.is_chirp == 1u) { value = multiply(value, chirp[j]); }
    let to = index_of(line, j, params.to_count);
    if (params.to_real == 1u) {
      y[to] = value.x;
    } else {
      y[2u * to] = value.x;
      y[2u * to + 1u] = -params.sign * value.y;
    }
  }
}
