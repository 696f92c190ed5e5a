import assert from "node:assert/strict";
import { rewriteReads } from "../../../lib/patches/operand_reads.ts";

const { fround } = Math;

/** Returns an inverse in float32 that is off by some units in the last place. WGSL allows 2.5. */
function inverseOf(divisor: number, units: number): number {
  const [bits] = new Uint32Array(Float32Array.of(1 / divisor).buffer);
  return new Float32Array(Uint32Array.of(bits! + units).buffer)[0]!;
}

Deno.test("quotients of float32 are exact for the positions of a convolution", () => {
  for (let channels = 4; channels <= 4096; channels += 4) {
    for (const units of [-3, 0, 3]) {
      const inverse = inverseOf(channels, units);
      // A filter of 5 x 5, and the values that a tile reads beyond the end.
      for (let shift = 0; shift <= 26; shift++) {
        for (const channel of [0, Math.min(4, channels - 4), channels - 4]) {
          const col = shift * channels + channel;
          assert.equal(Math.trunc(fround(fround(col + 0.5) * inverse)), shift, `${channels}`);
        }
      }
    }
  }
  for (let width = 1; width <= 64; width++) {
    for (const units of [-3, 0, 3]) {
      const inverse = inverseOf(width, units);
      for (let shift = 0; shift <= width * width + 16; shift++) {
        const row = Math.trunc(fround(fround(shift + 0.5) * inverse));
        assert.equal(row, Math.floor(shift / width), `${shift} / ${width}`);
      }
    }
  }
});

Deno.test("rewriteReads() leaves other functions as they are", () => {
  const read = `fn mm_readA(batch: i32, row: i32, colIn: i32 ) -> vec4<output_element_t> {
     var value = vec4<output_element_t>(0);
    let col = colIn * 4;
    if(row < i32(uniforms.dim_a_outer) && col < i32(uniforms.dim_inner)) {
        var a_indices: a_indices_t;
a_indices[0]=u32(row);
a_indices[1]=u32(colIn);
        value = get_a_by_indices(a_indices);
    }
    return value;
}`;
  assert.notEqual(rewriteReads(read), read);
  for (
    const other of [
      "",
      read.replaceAll("u32(row)", "u32(colIn)"),
      read.replace("dim_a_outer", "dim_b_outer"),
      read.replace("int: i32 )", "int: i32, batch_indices: u32)").replace(
        "colIn: i32 )",
        "c: i32)",
      ),
    ]
  ) {
    assert.equal(rewriteReads(other), other);
  }
});
