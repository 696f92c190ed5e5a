import assert from "node:assert/strict";
import { changeState, EMPTY_STATE } from "../../../../lib/studio/page/studio_state.ts";
import { startStudio } from "../../../../lib/studio/page/studio.ts";
import { readMaps } from "../../../../lib/studio/page/studio_client.ts";
import type { JobState, PictureState } from "../../../../lib/studio/protocol/studio_api.ts";

const PICTURE: PictureState = {
  number: 1,
  run: "draft/a",
  prompt: "a cat",
  seed: "7",
  height: 8,
  width: 8,
  palette: "1-bit",
  colors: ["#000000", "#ffffff"],
  step: 0,
  steps: 4,
  indices: "AAAA",
  losses: {},
  seconds: [],
  timestep: undefined,
  score: undefined,
  isDone: false,
};

const { pictures: _, ...JOB }: JobState = {
  id: "1",
  status: "running",
  form: undefined,
  command: "deno task generate",
  createdAt: 0,
  startedAt: 0,
  count: 1,
  stage: undefined,
  sample: undefined,
  notes: [],
  error: undefined,
  pictures: [],
};

Deno.test("the page follows jobs, pictures and steps", () => {
  let state = changeState(EMPTY_STATE, { type: "job", job: JOB });
  state = changeState(state, { type: "picture", job: "1", picture: PICTURE });
  state = changeState(state, {
    type: "step",
    job: "1",
    number: 1,
    step: 1,
    timestep: 250,
    seconds: 2,
    losses: { fft: 0.5 },
    indices: "AQEB",
  });
  state = changeState(state, { type: "job", job: { ...JOB, status: "paused" } });
  const [job] = state.jobs;
  assert.equal(job!.status, "paused");
  assert.equal(job!.pictures[0]!.step, 1);
  assert.equal(job!.pictures[0]!.indices, "AQEB");
  assert.deepEqual(job!.pictures[0]!.losses, { fft: [0.5] });
});

Deno.test("the modules of the page load without a browser", () => {
  assert.equal(typeof startStudio, "function");
  assert.equal(typeof readMaps, "function");
});
