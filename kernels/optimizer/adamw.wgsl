// AdamW: Adam with decoupled weight decay.
// Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, Algorithm 2.
// One invocation updates one parameter, in place.

override WORKGROUP_SIZE: u32;

struct Params {
  size: u32,              // number of parameters
  step_size: f32,         // learning rate / (1 - beta1^step)
  decay: f32,             // 1 - learning rate * weight decay
  beta1: f32,
  one_minus_beta1: f32,   // rounded once, not as 1 - f32(beta1)
  beta2: f32,
  one_minus_beta2: f32,
  root_correction2: f32,  // sqrt(1 - beta2^step)
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;           // [size]
@group(0) @binding(2) var<storage, read_write> param: array<f32>;    // [size]
@group(0) @binding(3) var<storage, read_write> moment1: array<f32>;  // [size]
@group(0) @binding(4) var<storage, read_write> moment2: array<f32>;  // [size]

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * WORKGROUP_SIZE;
  if (i >= params.size) { return; }
  let g = grad[i];
  let m = params.beta1 * moment1[i] + params.one_minus_beta1 * g;
  let v = params.beta2 * moment2[i] + params.one_minus_beta2 * g * g;
  moment1[i] = m;
  moment2[i] = v;
  let root = sqrt(v) / params.root_correction2 + params.epsilon;
  param[i] = params.decay * param[i] - params.step_size * m / root;
}
