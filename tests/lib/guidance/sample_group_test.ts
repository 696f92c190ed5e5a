import assert from "node:assert/strict";
import { SampleGroup } from "../../../lib/guidance/sample_group.ts";

Deno.test("SampleGroup predicts for all samples at once, in their order", async () => {
  const asked: unknown[] = [];
  const group = new SampleGroup(2, (latents, timestep, alpha) => {
    asked.push([[...latents], timestep, alpha]);
    return Promise.resolve(latents.map((value) => -value));
  });
  const second = group.predictorOf(1)(Float32Array.of(3, 4), 500, 0.5);
  assert.deepEqual(asked, []);
  const first = group.predictorOf(0)(Float32Array.of(1, 2), 500, 0.5);
  assert.deepEqual([...await first], [-1, -2]);
  assert.deepEqual([...await second], [-3, -4]);
  assert.deepEqual(asked, [[[1, 2, 3, 4], 500, 0.5]]);
});

Deno.test("SampleGroup lets no sample wait for one that failed", async () => {
  const group = new SampleGroup(2, (latents) => Promise.resolve(latents));
  const waiting = group.predictorOf(0)(Float32Array.of(1), 500);
  group.fail(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(group.predictorOf(0)(Float32Array.of(1), 400), /enough/);
});

Deno.test("SampleGroup passes the failure of a prediction to all samples", async () => {
  const group = new SampleGroup(2, () => Promise.reject(new Error("device lost")));
  const both = [0, 1].map((index) => group.predictorOf(index)(Float32Array.of(1), 500));
  for (const one of both) await assert.rejects(one, /device lost/);
});
