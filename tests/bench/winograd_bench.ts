import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { GraphBuilder } from "../../lib/onnx/graph/graph_builder.ts";
import { scatter } from "../lib/onnx/run_graph.ts";
import { OrtSessions } from "../../lib/onnx/runtime/ort_sessions.ts";

// Eight convolutions in a row, two rows in the batch, as in the levels of a small UNet. Constant
// weights use the runtime's convolution, those of a checkpoint use Winograd's.
for (const [side, channels] of [[32, 96], [16, 160], [8, 256]] as const) {
  for (const isWinograd of [false, true]) {
    const shape = [2, channels, side, side];
    const weightShape = [channels, channels, 3, 3];
    const g = new GraphBuilder("bench");
    let x = g.input("x", shape);
    for (let layer = 0; layer < 8; layer++) {
      const values = scatter(shapeSize(weightShape), layer).map((value) => value / channels);
      const read = (_: unknown, start = 0, count = values.length - start) =>
        new Uint8Array(values.slice(start, start + count).buffer);
      const entry = { key: `weight ${layer}`, shape: weightShape, dtype: "F32", read } as const;
      const weight = isWinograd ? g.weight(entry, weightShape) : g.constant(values, weightShape);
      x = g.conv(x, weight, undefined, { pads: 1 });
    }
    g.output("y", x);
    const graph = g.build();
    const feeds = { x: { data: scatter(shapeSize(shape)), shape } };
    Deno.bench({
      name: `8 x conv 3x3, ${side} x ${side} x ${channels}, ${isWinograd ? "Winograd" : "direct"}`,
      group: `conv ${side}`,
      baseline: !isWinograd,
      n: 20,
      warmup: 5,
      async fn(b) {
        await using session = await new OrtSessions({ runtime: "wasm" }).load(graph);
        await session.runHost(feeds);
        await session.runHost(feeds);
        b.start();
        await session.runHost(feeds);
        b.end();
      },
    });
  }
}
