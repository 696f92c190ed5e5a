import { unroll } from "./matmul_tile.ts";

/** Keys between two barriers; the scores of more keys do not fit the registers of a thread. */
const KEYS = 16;
/** Max size of a head whose query and result fit registers. */
const MAX_HEAD = 128;
/** vec4 of products that are summed in float16. */
const HALF_GROUPS = 4;

const LOOP = "  var previous_max : qk_precision = qk_min_value;";
const LOAD_QUERY = / {2}if \(valid_q\) \{\s*loadq\([^;]*\);\s*\}/;
const THEIR_KEYS = /const max_k_step : u32 = \d+;/;
/** Lines of a shader without mask, local window, or different lengths in a batch. */
const EXPECTED = [
  "const workgroup_size_x: u32 = 64;",
  "const workgroup_size_y: u32 = 1;",
  "let loop_bound = total_sequence_length;",
  "let seq_causal_length = total_sequence_length;",
  "let local_window_start = 0u;",
  "return k_idx >= local_window_start && k_idx < causal_end;",
  "score += dot(vec4<qk_precision>(q_tile[i]), vec4<qk_precision>(k_tile[k][i]));",
  "output[offset + idx] = o_tile[idx];",
];

/**
 * Rewrites onnxruntime's shader of attention to one that is several times as fast.
 *
 * The algorithm is the same: a query for each thread, keys in blocks, and a softmax that is
 * rescaled after each block. But query, scores and result are single variables: arrays would be in
 * memory, not in registers. In float16, the products of 16 values or keys are summed in float16 and
 * these sums in float32.
 *
 * It recognizes the shader "FlashAttention" of onnxruntime-web 1.30.0 for heads of up to 128 values
 * without a mask. Source: Dao 2023, "FlashAttention-2", https://arxiv.org/abs/2307.08691.
 *
 * @param code WGSL of a shader module.
 * @returns The faster shader; undefined if `code` is not recognized.
 */
export function overrideAttentionShader(code: string): string | undefined {
  const loop = code.indexOf(LOOP);
  const width = Number(code.match(/const head_size : u32 = (\d+);/)?.[1]);
  const head = code.slice(0, loop);
  const isExpected = loop !== -1 && width <= MAX_HEAD && width % (4 * HALF_GROUPS) === 0 &&
    EXPECTED.every((line) => code.includes(line)) && LOAD_QUERY.test(head) &&
    !code.includes("attention_bias");
  if (!isExpected) return undefined;
  const element = code.includes("alias q_element_t = f16;") ? "f16" : "f32";
  const groups = width / 4;
  return `${head.replace(THEIR_KEYS, `const max_k_step : u32 = ${KEYS};`).replace(LOAD_QUERY, "")}
  let first = (batch_idx * uniforms.new_sequence_length + q_idx_global) * num_heads * head_size_vec +
    head_idx * head_size_vec;
  let alpha = q_element_t(uniforms.alpha);
${unroll(groups, (i) => `let q${i} = q[first + ${i}u] * alpha;`)}
${unroll(groups, (i) => `var o${i} = vec4<f32>();`)}
  var highest = qk_min_value;
  var denominator = 0f;
  let keys = get_total_sequence_length(batch_idx);
  for (var k_start = 0u; k_start < keys; k_start += max_k_step) {
    workgroupBarrier();
    loadk(k_start, batch_head_idx, local_idx, keys);
    loadv(k_start, batch_head_idx, local_idx, keys);
    workgroupBarrier();
${unroll(KEYS, (k) => scoreKey(k, groups))}
    var now = highest;
${unroll(KEYS, (k) => `now = max(now, s${k});`)}
    let rescale = exp(highest - now);
    highest = now;
${unroll(KEYS, (k) => `let p${k} = ${element}(exp(s${k} - now));`)}
    denominator = denominator * rescale + ${sum(KEYS, (k) => `f32(p${k})`)};
${unroll(groups, (i) => addValues(i, element))}
  }
  if (valid_q) {
${unroll(groups, (i) => `output[first + ${i}u] = vec4<${element}>(o${i} / denominator);`)}
  }
}
`;
}

/** The product of the query and a key; the min number for a key beyond the last. */
function scoreKey(k: number, groups: number): string {
  const part = (first: number) =>
    Array.from({ length: HALF_GROUPS }, (_, i) => first + i)
      .reduce(
        (text, i) =>
          text ? `fma(q${i}, k_tile[${k}][${i}], ${text})` : `q${i} * k_tile[${k}][${i}]`,
        "",
      );
  const parts = sum(groups / HALF_GROUPS, (i) => `vec4<f32>(${part(i * HALF_GROUPS)})`);
  return `let s${k} = select(qk_min_value, dot(${parts}, vec4<f32>(1)), k_start + ${k}u < keys);`;
}

/** Adds four weighted values of each key to the rescaled result. */
function addValues(i: number, element: string): string {
  const values = Array.from({ length: KEYS }, (_, k) => k).reduce(
    (text, k) => {
      const weight = `vec4<${element}>(p${k})`;
      return text
        ? `fma(v_tile[${k}][${i}], ${weight}, ${text})`
        : `v_tile[${k}][${i}] * ${weight}`;
    },
    "",
  );
  return `o${i} = o${i} * rescale + vec4<f32>(${values});`;
}

function sum(count: number, term: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => term(i)).join(" + ");
}
