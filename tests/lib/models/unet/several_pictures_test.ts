import assert from "node:assert/strict";
import { shapeSize } from "../../../../kernels/gpu/shape_size.ts";
import { readControlnetConfig } from "../../../../lib/models/unet/controlnet_config.ts";
import { buildControlnet } from "../../../../lib/models/unet/controlnet_model.ts";
import { buildUnet } from "../../../../lib/models/unet/unet_2d_condition_model.ts";
import { readUnetConfig } from "../../../../lib/models/unet/unet_config.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { concatHost, splitHost } from "../../../../lib/onnx/batching/batch_concat.ts";
import type { HostTensor } from "../../../../lib/onnx/runtime/session.ts";
import { assertAllClose } from "../../../support/assert_all_close.ts";
import { readGolden } from "../../../support/goldens.ts";
import { runGraph, scatter } from "../../onnx/run_graph.ts";
import { openWeights, teacher } from "../agreement.ts";

const golden = readGolden("unet_controlnet");
const sizes = { batch: 2, height: 16, width: 16, promptLength: 77 };

/** Inputs of two unrelated pictures. */
function feedsOfTwo(one: Graph): Record<string, HostTensor>[] {
  const other = Object.fromEntries(one.inputs.map(({ name, shape }, i) => {
    const size = shapeSize(shape);
    return [name, { data: scatter(size, i + 1), shape }];
  }));
  const known = {
    sample: golden.tensor("latents"),
    timestep: golden.tensor("timestep"),
    encoder_hidden_states: golden.tensor("prompt_embeds"),
    text_embeds: golden.tensor("pooled_prompt_embeds"),
    time_ids: golden.tensor("time_ids"),
  };
  const first = { ...other, ...known };
  const second = {
    ...other,
    timestep: { data: Float32Array.of(7), shape: [1] },
    time_ids: known.time_ids,
  };
  return [first, second];
}

/** Asserts that a graph for two pictures computes the same as the graph for one does for each. */
async function assertSame(build: (pictures: number) => Graph): Promise<void> {
  const [one, two] = [build(1), build(2)];
  const feeds = feedsOfTwo(one);
  const joined = Object.fromEntries(one.inputs.map((value) => {
    const own = new Map(feeds.map((feed, slot) => [slot, feed[value.name]!]));
    return [value.name, concatHost(own, { value, batchSize: 2 })];
  }));
  const together = await runGraph(two, joined);
  for (const [slot, feed] of feeds.entries()) {
    const alone = await runGraph(one, feed);
    for (const value of one.outputs) {
      const expected = alone[value.name]!;
      const { data, shape } = splitHost(together[value.name]!, slot, value);
      assert.deepEqual(shape, expected.shape);
      assertAllClose(
        data as Float32Array,
        expected.data as Float32Array,
        { atol: 1e-5, rtol: 1e-4 },
      );
    }
  }
}

Deno.test("buildUnet() takes several pictures, each at its own timestep", async () => {
  using weights = await openWeights("unet");
  const config = await readUnetConfig(teacher);
  await assertSame((pictures) =>
    buildUnet(weights, config, { ...sizes, batch: 2 * pictures, pictures, residuals: true })
  );
});

Deno.test("buildControlnet() takes several pictures, each with its control image and scale", async () => {
  using weights = await openWeights("controlnet_canny");
  const config = await readControlnetConfig(teacher, "controlnet_canny");
  await assertSame((pictures) =>
    buildControlnet(weights, config, { ...sizes, batch: 2 * pictures, pictures })
  );
});

Deno.test("buildUnet() refuses a number of rows that is not a multiple of the pictures", async () => {
  using weights = await openWeights("unet");
  const config = await readUnetConfig(teacher);
  assert.throws(
    () => buildUnet(weights, config, { ...sizes, batch: 3, pictures: 2 }),
    /^RangeError: Cannot build graph "unet": expected a multiple of 2 rows, got 3$/,
  );
});
