import assert from "node:assert/strict";
import { RANDOM_STREAMS } from "../../../kernels/random/streams.ts";

Deno.test("random streams are distinct", () => {
  const streams = Object.values(RANDOM_STREAMS);
  assert.equal(new Set<number>(streams).size, streams.length);
});

Deno.test("random streams keep their numbers, which spell their purpose", () => {
  const spelled = Object.entries(RANDOM_STREAMS).map(([purpose, number]) => {
    const bytes = new Uint8Array(new Uint32Array([number]).buffer).reverse();
    return [purpose, new TextDecoder().decode(bytes)];
  });
  assert.deepEqual(Object.fromEntries(spelled), {
    timestep: "time",
    noise: "nois",
    sample: "samp",
    sampleStep: "step",
    edit: "edit",
    choice: "choi",
    gumbel: "gumb",
    initialization: "init",
    augmentation: "augm",
  });
});
