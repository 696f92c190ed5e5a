/** Positions of a convolution's operand, by four divisions of integers. */
const THEIR_DIVISIONS = `let WRow = col / (i32(uniforms.w_shape[1]) * inChannels);
let WCol = col / inChannels % i32(uniforms.w_shape[1]);`;
const THEIR_CHANNEL = "let xCh = col % inChannels;";

/** The function that reads four values of a row of a matrix, if they are inside. */
const THEIR_READ =
  /fn mm_read([AB])\(batch: i32, row: i32, colIn: i32 \) -> vec4<output_element_t> \{\s*var value = vec4<output_element_t>\(0\);\s*let col = colIn \* 4;\s*if\(row < i32\(uniforms\.dim_([ab])_outer\) && col < i32\(uniforms\.dim_inner\)\) \{\s*var ([ab])_indices: \3_indices_t;\s*\3_indices\[0\]=u32\(row\);\s*\3_indices\[1\]=u32\(colIn\);\s*value = get_\3_by_indices\(\3_indices\);\s*\}\s*return value;\s*\}/g;

/**
 * Rewrites the functions of onnxruntime's shaders that read operands. They return the same values
 * where these count, in less time.
 *
 * - A convolution divides integers four times for each read, which takes as long as its products.
 *   Quotients of float32 are exact here: a half is added to the dividend, which is below 2^21.
 * - A matrix is read behind a branch. A row beyond the end may have any values, since its results
 *   are not written; products beyond the end must be zero.
 *
 * @param head The part of a shader before its entry point.
 */
export function rewriteReads(head: string): string {
  return head.replace(
    THEIR_DIVISIONS,
    `let shift = i32((f32(col) + 0.5) * (1.0 / f32(inChannels)));
let filterWidth = i32(uniforms.w_shape[1]);
let WRow = i32((f32(shift) + 0.5) * (1.0 / f32(filterWidth)));
let WCol = shift - WRow * filterWidth;`,
  ).replace(THEIR_CHANNEL, "let xCh = col - shift * inChannels;").replace(
    THEIR_READ,
    (theirs, operand: string, outer: string, name: string) =>
      operand.toLowerCase() !== outer || outer !== name
        ? theirs
        : `fn mm_read${operand}(batch: i32, row: i32, colIn: i32) -> vec4<output_element_t> {
  let start = min(u32(row), uniforms.dim_${name}_outer - 1u) * uniforms.${name}_stride;
  let value = ${name}[start + u32(colIn)];
  return select(vec4<output_element_t>(), value, u32(colIn) < uniforms.${name}_stride);
}`,
  );
}
