// Gradient of score distillation with respect to the latents: scale ((prompt - noise) +
// guidance_scale (prompt - negative)). Values that are not finite become 0.
// Source: Binninger & Sorkine-Hornung 2024, https://arxiv.org/abs/2410.06236, and
// Poole et al. 2022, https://arxiv.org/abs/2209.14988, Eq. 3.
// One invocation writes one value.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,            // values of one row
  prompt_row: u32,      // row of the prompt: 1 after the negative prompt, 0 alone
  guidance_scale: f32,
  scale: f32,           // gradient scale times the weight of the timestep
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> noise_pred: array<f32>;          // [rows, 4, h, w]
@group(0) @binding(2) var<storage, read> noise: array<f32>;               // [1, 4, h, w]
@group(0) @binding(3) var<storage, read_write> grad_latents: array<f32>;  // [1, 4, h, w]

const EXPONENT = 0x7f800000u;

// Tests the bits, since a compiler may assume that floats are finite.
fn is_finite(value: f32) -> bool {
  return (bitcast<u32>(value) & EXPONENT) != EXPONENT;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let negative = noise_pred[i];
  let prompt = noise_pred[params.prompt_row * params.size + i];
  let score = (prompt - noise[i]) + params.guidance_scale * (prompt - negative);
  let grad = params.scale * score;
  let finite = is_finite(negative) && is_finite(prompt) && is_finite(noise[i]) && is_finite(grad);
  grad_latents[i] = select(0.0, grad, finite);
}
