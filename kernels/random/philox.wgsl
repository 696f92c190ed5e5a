// Random numbers of a counter: Philox4x32-10.
// Source: Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405, Section 3.3.
// One invocation draws four values. They depend only on seed, stream, step and their index.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,          // number of values
  seed: u32,          // low word
  seed_high: u32,
  stream: u32,
  step: u32,
  distribution: u32,  // 0: uniform in (0, 1), 1: standard normal, 2: standard Gumbel
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;  // [size]

const ROUNDS = 10u;
const MULTIPLIERS = vec2u(0xd2511f53u, 0xcd9e8d57u);
const WEYL = vec2u(0x9e3779b9u, 0xbb67ae85u);
const HALF_PI = 1.5707963267948966;

// High word of a product of 32-bit words.
fn multiply_high(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

fn philox(counter: vec4u, key: vec2u) -> vec4u {
  var c = counter;
  var k = key;
  for (var round = 0u; round < ROUNDS; round++) {
    let high0 = multiply_high(MULTIPLIERS.x, c.x);
    let high1 = multiply_high(MULTIPLIERS.y, c.z);
    c = vec4u(high1 ^ c.y ^ k.x, MULTIPLIERS.y * c.z, high0 ^ c.w ^ k.y, MULTIPLIERS.x * c.x);
    k += WEYL;
  }
  return c;
}

// Uniform in [2^-24, 1 - 2^-24]: 23 bits plus a half, which a float holds exactly.
fn uniform_of(bits: u32) -> f32 {
  return (f32(bits >> 9u) + 0.5) * 0x1p-23;
}

// -log(u). WGSL allows `log` an absolute error of 2^-21 near 1, so a series replaces it there.
fn minus_log(u: f32) -> f32 {
  let rest = 1.0 - u;
  let z = rest / (1.0 + u);
  let zz = z * z;
  let series = 2.0 * z * (1.0 + zz * (1.0 / 3.0 + zz * (1.0 / 5.0 + zz * (1.0 / 7.0))));
  return select(-log(u), series, rest < 0.25);
}

// Cosine and sine of 2 pi u, by Taylor series around the nearest quarter of the circle. WGSL allows
// `cos` and `sin` an error of 2^-11.
fn circle(u: f32) -> vec2f {
  let quarter = floor(4.0 * u + 0.5);
  let x = HALF_PI * (4.0 * u - quarter);
  let xx = x * x;
  let c = 1.0 + xx * (-1.0 / 2.0 + xx * (1.0 / 24.0 + xx * (-1.0 / 720.0 + xx / 40320.0)));
  let s = x * (1.0 + xx * (-1.0 / 6.0 + xx * (1.0 / 120.0 + xx * (-1.0 / 5040.0 + xx / 362880.0))));
  switch u32(quarter) & 3u {
    case 0u: { return vec2f(c, s); }
    case 1u: { return vec2f(-s, c); }
    case 2u: { return vec2f(-c, -s); }
    default: { return vec2f(s, -c); }
  }
}

// Two normal values from two uniform ones.
// Source: Box & Muller 1958, https://doi.org/10.1214/aoms/1177706645.
fn normal_pair(u: vec2f) -> vec2f {
  return sqrt(2.0 * minus_log(u.x)) * circle(u.y);
}

fn gumbel(u: f32) -> f32 {
  return -log(minus_log(u));
}

fn draw(u: vec4f) -> vec4f {
  switch params.distribution {
    case 1u: { return vec4f(normal_pair(u.xy), normal_pair(u.zw)); }
    case 2u: { return vec4f(gumbel(u.x), gumbel(u.y), gumbel(u.z), gumbel(u.w)); }
    default: { return u; }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= (params.size + 3u) / 4u) { return; }
  let bits = philox(vec4u(i, params.step, params.stream, 0u), vec2u(params.seed, params.seed_high));
  let uniforms = vec4f(
    uniform_of(bits.x), uniform_of(bits.y), uniform_of(bits.z), uniform_of(bits.w));
  var values = draw(uniforms);
  for (var lane = 0u; lane < min(4u, params.size - 4u * i); lane++) {
    out[4u * i + lane] = values[lane];
  }
}
