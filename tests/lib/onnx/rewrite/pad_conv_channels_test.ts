import assert from "node:assert/strict";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { padConvChannels } from "../../../../lib/onnx/rewrite/pad_conv_channels.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { runGraph, scatter } from "../run_graph.ts";

/** A convolution of eight channels to `channels`. */
function convolution(channels: number, size: number, hasBias = true) {
  const g = new GraphBuilder("convolution");
  const weight = g.constant(scatter(channels * 8 * 9), [channels, 8, 3, 3]);
  const bias = hasBias ? g.constant(scatter(channels, 2), [channels]) : undefined;
  g.output("y", g.conv(g.input("x", [1, 8, size, size]), weight, bias, { pads: 1 }));
  return g.build();
}

for (const channels of [1, 3, 6]) {
  for (const hasBias of [true, false]) {
    const name = `${channels} channels ${hasBias ? "with" : "without"} bias`;
    Deno.test(`padConvChannels() keeps the results of a convolution to ${name}`, async () => {
      const graph = convolution(channels, 64, hasBias);
      const widened = padConvChannels(graph);
      const widths = widened.nodes.filter(({ op }) => op === "Conv")
        .map(({ outputs }) => widened.values.get(outputs[0]!)!.shape[1]);
      assert.deepEqual(widths, [channels > 4 ? 8 : 4]);
      const x = { data: scatter(8 * 64 * 64, 3), shape: [1, 8, 64, 64] };
      const { y: expected } = await runGraph(graph, { x });
      const { y } = await runGraph(widened, { x });
      assert.deepEqual(y!.shape, expected!.shape);
      assertAllClose(y!.data as Float32Array, expected!.data as Float32Array, { atol: 1e-5 });
    });
  }
}

Deno.test("padConvChannels() skips small images and multiples of four", () => {
  for (const graph of [convolution(3, 8), convolution(8, 64)]) {
    assert.equal(padConvChannels(graph), graph);
  }
});
