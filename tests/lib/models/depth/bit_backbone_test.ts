import assert from "node:assert/strict";
import { bitBackbone } from "../../../../lib/models/depth/bit_backbone.ts";
import { type BitConfig, parseBitConfig } from "../../../../lib/models/depth/bit_config.ts";
import { ModelConfig } from "../../../../lib/models/model_config.ts";
import { StandardizedWeights } from "../../../../lib/models/depth/standardized_weights.ts";
import { GraphBuilder } from "../../../../lib/onnx/graph/graph_builder.ts";
import { WeightScope } from "../../../../lib/onnx/graph/weight_scope.ts";
import { runGraph, scatter } from "../../onnx/run_graph.ts";
import { assertAgrees } from "../agreement.ts";
import { ScatteredWeights } from "../scattered_weights.ts";
import { PUBLISHED_BIT } from "./published_bit.ts";

// Inner channels of 8, 16 and 16: the min is 8, and 8 for 10 would be below 90 percent.
const CONFIG: BitConfig = {
  embeddingSize: 6,
  hiddenSizes: [12, 40, 64],
  depths: [1, 2, 1],
  groups: 2,
};
const INNER = [8, 16, 16];

/** Channels of an image, each an array of rows. */
type Planes = number[][][];

/** A reference implementation of BiT with plain loops in float64. */
class Oracle {
  constructor(readonly weights: ScatteredWeights) {}

  /** Standardizes a weight, pads as TensorFlow's "same" does, and convolves. */
  conv(
    key: string,
    x: Planes,
    [channels, kernel, stride]: readonly [number, number, number],
  ): Planes {
    const stored = this.weights.values(`${key}.weight`);
    const size = x.length * kernel * kernel;
    const windows = Array.from({ length: channels }, (_, o) => {
      const window = [...stored.subarray(o * size, (o + 1) * size)];
      const mean = window.reduce((sum, value) => sum + value) / size;
      const variance = window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
      return window.map((value) => (value - mean) / Math.sqrt(variance + 1e-8));
    });
    return windows.map((window) =>
      pooled(
        x[0]!,
        [kernel, stride],
        (places) =>
          x.reduce((sum, plane, c) =>
            sum +
            places.reduce((part, [row, column], k) =>
              part + (plane[row]?.[column] ?? 0) * window[c * kernel * kernel + k]!, 0), 0),
      )
    );
  }

  norm(key: string, x: Planes, groups: number): Planes {
    const [scale, bias] = [
      this.weights.values(`${key}.weight`),
      this.weights.values(`${key}.bias`),
    ];
    const share = x.length / groups;
    return x.map((plane, c) => {
      const first = Math.floor(c / share) * share;
      const values = x.slice(first, first + share).flat(2);
      const mean = values.reduce((sum, value) => sum + value) / values.length;
      const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
      return plane.map((row) =>
        row.map((value) => (value - mean) / Math.sqrt(variance + 1e-5) * scale[c]! + bias[c]!)
      );
    });
  }

  backbone(image: Planes, { groups, depths, hiddenSizes, embeddingSize }: BitConfig): Planes[] {
    const stem = this.conv("bit.embedder.convolution", image, [embeddingSize, 7, 2]);
    const active = relu(this.norm("bit.embedder.norm", stem, groups));
    let h = active.map((plane) =>
      pooled(
        plane,
        [3, 2],
        (places) => Math.max(...places.map(([row, column]) => plane[row]?.[column] ?? 0)),
      )
    );
    return depths.map((depth, stage) => {
      for (let i = 0; i < depth; i++) {
        const at = (name: string) => `bit.encoder.stages.${stage}.layers.${i}.${name}`;
        const [channels, inner] = [hiddenSizes[stage]!, INNER[stage]!];
        const stride = stage > 0 && i === 0 ? 2 : 1;
        let shortcut = h;
        if (i === 0) {
          const down = this.conv(at("downsample.conv"), h, [channels, 1, stride]);
          shortcut = this.norm(at("downsample.norm"), down, groups);
        }
        let y = relu(this.norm(at("norm1"), this.conv(at("conv1"), h, [inner, 1, 1]), groups));
        y = relu(this.norm(at("norm2"), this.conv(at("conv2"), y, [inner, 3, stride]), groups));
        y = this.norm(at("norm3"), this.conv(at("conv3"), y, [channels, 1, 1]), groups);
        h = relu(
          y.map((plane, c) =>
            plane.map((row, r) => row.map((value, x) => value + shortcut[c]![r]![x]!))
          ),
        );
      }
      return h;
    });
  }
}

/** Computes each output from the positions under its kernel, which may be outside of the image. */
function pooled(
  plane: number[][],
  [kernel, stride]: readonly [number, number],
  value: (places: readonly (readonly [number, number])[]) => number,
): number[][] {
  const [down, across] = [plane.length, plane[0]!.length].map((side) => {
    const count = Math.ceil(side / stride);
    const missing = Math.max(0, (count - 1) * stride + kernel - side);
    return { count, before: Math.floor(missing / 2) };
  }) as [{ count: number; before: number }, { count: number; before: number }];
  return Array.from(
    { length: down.count },
    (_, y) =>
      Array.from(
        { length: across.count },
        (_, x) =>
          value(Array.from({ length: kernel * kernel }, (_, k) => [
            y * stride - down.before + Math.floor(k / kernel),
            x * stride - across.before + k % kernel,
          ])),
      ),
  );
}

function relu(x: Planes): Planes {
  return x.map((plane) => plane.map((row) => row.map((value) => Math.max(0, value))));
}

Deno.test("bitBackbone() agrees with plain loops in float64 at even and odd sizes", async () => {
  for (const [height, width] of [[32, 32], [21, 38]] as const) {
    const weights = new ScatteredWeights();
    const g = new GraphBuilder("backbone");
    const scope = new WeightScope(g, new StandardizedWeights(weights, "bit"));
    const shape = [1, 3, height, width];
    const results = bitBackbone(g, scope, g.input("image", shape), CONFIG);
    results.forEach((value, i) => g.output(`stage${i + 1}`, value));
    const data = scatter(3 * height * width, 7);
    const outputs = await runGraph(g.build(), { image: { data, shape } });
    const image = Array.from({ length: 3 }, (_, c) =>
      Array.from({ length: height }, (_, y) => {
        const start = (c * height + y) * width;
        return [...data.subarray(start, start + width)];
      }));
    for (const [i, planes] of new Oracle(weights).backbone(image, CONFIG).entries()) {
      const name = `stage${i + 1}`;
      const sides = [1, planes.length, planes[0]!.length, planes[0]![0]!.length];
      const expected = { data: Float32Array.from(planes.flat(2)), shape: sides };
      assertAgrees(outputs[name]!, expected, { name, tolerance: 1e-5 });
    }
  }
});

Deno.test("parseBitConfig() reads the published file and refuses unsupported options", () => {
  const parse = (options: Record<string, unknown>) =>
    parseBitConfig(new ModelConfig("config.json", { ...PUBLISHED_BIT, ...options }));
  assert.deepEqual(parse({}), {
    embeddingSize: 64,
    hiddenSizes: [256, 512, 1024],
    depths: [3, 4, 9],
    groups: 32,
  });
  const refused: Record<string, unknown> = {
    layer_type: "preactivation",
    global_padding: null,
    embedding_dynamic_padding: false,
    width_factor: 2,
    output_stride: 8,
    hidden_act: "gelu",
    out_features: ["stage2", "stage3"],
    depths: [3, 4, 9, 3],
    hidden_sizes: [256, 512],
    new_option: 1,
  };
  for (const [key, value] of Object.entries(refused)) {
    assert.throws(() => parse({ [key]: value }), { name: "ModelConfigError", key });
  }
});
