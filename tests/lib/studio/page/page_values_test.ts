import assert from "node:assert/strict";
import {
  formatCount,
  formatDuration,
  formatNumber,
} from "../../../../lib/studio/page/format_text.ts";
import { linePath } from "../../../../lib/studio/page/loss_plot.ts";
import {
  changeForm,
  choosePalette,
  flagValue,
  hasFlag,
  setFlag,
} from "../../../../lib/studio/page/order_form.ts";
import { decodeBase64, toRgba } from "../../../../lib/studio/page/pixels.ts";
import {
  describeStatus,
  progressOf,
  secondsLeft,
} from "../../../../lib/studio/page/progress_text.ts";
import { suggestNames } from "../../../../lib/studio/page/suggest.ts";
import { encodeBase64 } from "../../../../lib/studio/protocol/base64.ts";
import type { JobState } from "../../../../lib/studio/protocol/studio_api.ts";

const NAMES = ["castle", "castle gate", "red potion", "potion", "cat", "old castle"];

Deno.test("suggestions complete the end of a prompt, its longest part first", () => {
  const found = suggestNames("a Red po", NAMES);
  assert.deepEqual(found.map(({ prompt }) => prompt), ["a red potion", "a Red potion"]);
  assert.deepEqual(
    suggestNames("a cast", NAMES).map(({ name }) => name),
    ["castle", "castle gate", "old castle"],
  );
  assert.deepEqual(suggestNames("a c", NAMES), []);
  assert.deepEqual(suggestNames("", NAMES), []);
  assert.deepEqual(suggestNames("castle", ["castle"]), []);
});

Deno.test("pixels survive base64, and get their palette's colors", () => {
  const indices = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7);
  assert.deepEqual(decodeBase64(encodeBase64(indices)), indices);
  const colors = ["#ff0080", "#00000000"];
  const rgba = toRgba({ height: 1, width: 3, indices: Uint8Array.of(0, 1, 2), colors });
  assert.deepEqual([...rgba], [255, 0, 128, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("plots leave out values that are not finite", () => {
  assert.equal(linePath([]), "");
  assert.equal(linePath([NaN]), "");
  assert.equal(linePath([1, NaN, 0]), "M0.0 2.0L100.0 28.0");
  assert.equal(linePath([3]), "M50.0 28.0");
});

Deno.test("a plot of many values draws means of neighbors", () => {
  const path = linePath(Array.from({ length: 10_000 }, (_, i) => i));
  assert.equal(path.split("L").length, 300);
  assert.match(path, /^M0\.0 28\.0L.*L100\.0 2\.0$/);
});

Deno.test("the time that is left follows from the last steps", () => {
  assert.equal(secondsLeft({ seconds: [10, 12, 14], step: 3, steps: 8 }), 10);
  assert.equal(secondsLeft({ seconds: [10], step: 1, steps: 8 }), undefined);
  assert.equal(secondsLeft({ seconds: [1, 2], step: 8, steps: 8 }), undefined);
  assert.deepEqual([0.2, 8, 120, 7200].map(formatDuration), ["under 1 s", "8 s", "2 min", "2.0 h"]);
  assert.equal(formatCount(10_511), "10,511");
  assert.deepEqual([0.01234, 46.48, 13_712].map(formatNumber), ["0.0123", "46.5", "13,700"]);
});

Deno.test("flags of a form are set, read and removed", () => {
  const flags = setFlag(setFlag(undefined, "--transparent", true), "--tile", "x");
  assert.deepEqual(flags, ["--transparent", "--tile", "x"]);
  assert.deepEqual(setFlag(flags, "--tile", "--y"), ["--transparent", "--tile", "--y"]);
  assert.deepEqual([flagValue(flags, "--tile"), flagValue(flags, "--symmetry")], ["x", undefined]);
  // A value is not read as a flag.
  assert.equal(hasFlag(["--tile", "--transparent"], "--transparent"), false);
  assert.deepEqual(setFlag(flags, "--transparent", false), ["--tile", "x"]);
  assert.equal(setFlag(["--transparent"], "--transparent", false), undefined);
  // Rules for colors belong to their palette.
  const form = { prompt: "a", size: [8, 8], palette: "p", preset: "draft", seed: "1" } as const;
  const chosen = { ...form, flags: ["--max-colors", "4", "--exclude-colors", "#ff0000"] };
  assert.deepEqual(choosePalette(chosen, "q"), { palette: "q", flags: ["--max-colors", "4"] });
  assert.deepEqual(choosePalette(chosen, "p"), {});
});

Deno.test("an emptied field of a form is left out", () => {
  const form = { prompt: "a", size: [8, 8], palette: "p", preset: "draft", seed: "1" } as const;
  assert.deepEqual(changeForm({ ...form, image: "x" }, { image: undefined }), form);
});

Deno.test("the page counts the calls that sample images", () => {
  const job = {
    status: "running",
    stage: "sample",
    sample: { call: 12, calls: 50 },
    pictures: [],
    count: 1,
  } as unknown as JobState;
  assert.equal(describeStatus(job), "The teacher draws images to start from (call 12 of 50)");
  assert.equal(progressOf(job), 0.24);
  // Of several pictures, those that are done count.
  assert.equal(progressOf({ ...job, count: 4 }), 0);
  const loading: JobState = { ...job, stage: "load", sample: undefined };
  assert.equal(describeStatus(loading), "Loading the teacher");
});
