import assert from "node:assert/strict";
import { progressLine } from "../../../lib/report/progress_line.ts";
import { doneText } from "../../../lib/report/event_text.ts";
import { createReporter } from "../../../lib/report/create_reporter.ts";
import type {
  PictureNumber,
  RunEvent,
  SampleEvent,
  StepEvent,
} from "../../../lib/report/run_event.ts";
import { createTerminal } from "../../../lib/report/terminal.ts";
import { terminalOf } from "../../../lib/cli/commands/terminal_of.ts";
import { Image } from "../../../lib/image/image.ts";
import { defined } from "../../../lib/text/defined.ts";

function step(number: number, seconds: number): StepEvent {
  return {
    event: "step",
    stage: "distill",
    step: number,
    steps: 100,
    losses: { score: 0.01234, fft: 123.4 },
    learningRate: 0.1,
    timestep: 600,
    teacherCalls: number,
    seconds,
  };
}

const DONE: RunEvent & { event: "done" } = {
  event: "done",
  folder: "out",
  files: ["out/final_argmax.png"],
  seconds: 61,
  teacherCalls: 108,
  interrupted: false,
};

const START: RunEvent & { event: "start" } = {
  event: "start",
  folder: "out",
  steps: 100,
  resumedFrom: 0,
  prompt: "a cat",
  seed: 0,
  palette: "1-bit",
  height: 8,
  width: 8,
  runtime: "wasm",
  adapter: "none",
};

function terminal(isTerminal: boolean) {
  const texts: string[] = [];
  const fake = createTerminal({
    isTerminal,
    depth: isTerminal ? "truecolor" : "none",
    columns: () => 60,
    print: (text) => void texts.push(text),
  });
  return { fake, text: () => texts.join("") };
}

Deno.test("progressLine() shows steps, time to go, timestep and losses", () => {
  const line = progressLine(step(50, 25), step(1, 0.5), { columns: 0, label: "" });
  assert.equal(line, "step  50/100  ETA 25 s  t 600  score 0.0123  fft 123");
  const bar = progressLine(step(50, 25), step(1, 0.5), { columns: 60, label: "" });
  assert(bar.startsWith("████████████░░░░░░░░░░░░ step  50/100"));
  assert.equal([...bar].length, 60);
});

Deno.test("reporters show control and bidi characters of what they are told", () => {
  const note: RunEvent = { event: "note", message: 'no LoRA key "\x1b[2J\u202eyek"' };
  for (const [json, isTerminal] of [[true, false], [false, false], [false, true]] as const) {
    const [out, status] = [terminal(isTerminal), terminal(isTerminal)];
    createReporter(json, out.fake, status.fake).report(note);
    const text = out.text() + status.text();
    assert(text.includes("\\u001b[2J\\u202eyek"), text);
    if (json) assert.deepEqual(JSON.parse(text), note);
  }
});

Deno.test("createReporter() writes one JSON object a line for programs", () => {
  const out = terminal(true);
  const status = terminal(true);
  const reporter = createReporter(true, out.fake, status.fake);
  for (const event of [step(1, 1), DONE]) reporter.report(event);
  const lines = out.text().trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines, [step(1, 1), DONE]);
  assert.equal(status.text(), "");
});

Deno.test("createReporter() writes about ten plain lines where nobody looks", () => {
  const out = terminal(false);
  const status = terminal(false);
  const reporter = createReporter(false, out.fake, status.fake);
  for (let number = 1; number <= 100; number++) reporter.report(step(number, number / 100));
  reporter.report(DONE);
  assert.equal(status.text().trimEnd().split("\n").length, 10);
  assert(!status.text().includes("\x1b"));
  assert.equal(out.text(), "done (1 min 01 s, 108 teacher calls)\n  out/final_argmax.png\n");
  const resumed = doneText({ ...DONE, earlierTeacherCalls: 107 });
  assert.match(resumed, /^done \(1 min 01 s, 1 teacher call and 107 earlier ones\)\n/);
});

Deno.test("createReporter() draws a bar and a picture in a terminal, over the last ones", () => {
  const out = terminal(true);
  const status = terminal(true);
  const reporter = createReporter(false, out.fake, status.fake);
  assert(reporter.wantsPreview);
  reporter.preview(
    Image.fromIndices({ height: 4, width: 4 }, new Uint32Array(16), Uint8Array.of(255, 0, 0)),
  );
  assert(!reporter.wantsPreview);
  reporter.report(step(1, 1));
  reporter.report(step(100, 2));
  // Two lines of picture and one of bar are drawn over.
  assert.match(status.text(), /▀.*\n.*▀.*\n█?░+ step {3}1\/100/);
  assert(status.text().includes("\x1b[3A\x1b[J"));
});

Deno.test("createReporter() starts again with the next of several pictures", () => {
  for (const isTerminal of [false, true]) {
    const [out, status] = [terminal(isTerminal), terminal(isTerminal)];
    const reporter = createReporter(false, out.fake, status.fake);
    const [first, second] = [1, 2].map((number) => ({ number, of: 2 }));
    for (const number of [1, 50, 100]) {
      reporter.report({ ...step(number, number), picture: first! });
    }
    reporter.report({ ...DONE, picture: first!, score: -0.01234 });
    const before = status.text().length;
    reporter.report({ event: "stage", stage: "load", picture: second! });
    // Long after the first: neither its speed nor its bar count.
    for (const number of [10, 20]) {
      reporter.report({ ...step(number, number / 10), picture: second! });
    }
    const lines = status.text().slice(before).split("\n");
    assert.equal(lines[0], "load …");
    assert.match(lines[1]!, /2 of 2 {2}step {2}10\/100 {2}t 600/);
    if (!isTerminal) assert.match(lines[2]!, /step {2}20\/100 {2}ETA 8 s/);
    assert.equal(
      out.text(),
      "picture 1 of 2 done (1 min 01 s, 108 teacher calls, score -0.0123)\n  out\n",
    );
  }
});

Deno.test("createReporter() tells of the pictures of a batch in one line", () => {
  for (const isTerminal of [false, true]) {
    const [out, status] = [terminal(isTerminal), terminal(isTerminal)];
    const reporter = createReporter(false, out.fake, status.fake);
    const pictures = [1, 2, 3].map((number) => ({ number, of: 8 }));
    for (const picture of pictures) reporter.report({ ...START, picture });
    const before = status.text().length;
    const lines = () => status.text().slice(before).match(/.* of 8.*step.*\n/g) ?? [];
    const make = (picture: PictureNumber, number: number, score: number) =>
      reporter.report({ ...step(number, number), losses: { score }, picture });
    make(pictures[0]!, 50, 1);
    make(pictures[1]!, 50, 2);
    assert.deepEqual(lines(), []);
    make(pictures[2]!, 50, 6);
    assert.equal(lines().length, 1);
    assert.match(lines()[0]!, /1 to 3 of 8 {2}step {2}50\/100/);
    if (!isTerminal) assert.match(lines()[0]!, / score 3\n$/);
    // A picture that is ahead counts with the step that all have reached.
    make(pictures[0]!, 60, 3);
    make(pictures[0]!, 61, 100);
    make(pictures[1]!, 60, 3);
    make(pictures[2]!, 60, 3);
    if (!isTerminal) assert.match(lines().at(-1)!, /step {2}60\/100 .* score 3\n$/);
    // What failed, or is done, is waited for no longer.
    reporter.report({ event: "failed", message: "Cannot draw", picture: pictures[1]! });
    assert.match(status.text(), /picture 2 of 8 failed: Cannot draw; the others of its batch/);
    make(pictures[0]!, 70, 1);
    make(pictures[2]!, 70, 1);
    reporter.report({ ...DONE, picture: pictures[0]! });
    make(pictures[2]!, 100, 1);
    assert.match(out.text(), /^picture 1 of 8 done/);
    assert.match(lines().at(-1)!, /(^| )3 of 8 {2}step 100\/100/);
  }
});

/** How far a download of ten files is. */
function download(filesDone: number): RunEvent {
  return {
    event: "download",
    repo: "o/name",
    bytesDone: filesDone * 1e6,
    bytesTotal: 10e6,
    filesDone,
    filesTotal: 10,
    bytesPerSecond: 2e6,
    secondsLeft: 10 - filesDone,
    ...defined({ path: filesDone > 0 ? "unet/x.safetensors" : undefined }),
  };
}

Deno.test("a download is one line that is drawn over, plain lines, or events", () => {
  const report = (json: boolean, isTerminal: boolean) => {
    const [out, status] = [terminal(isTerminal), terminal(isTerminal)];
    const reporter = createReporter(json, out.fake, status.fake);
    for (const filesDone of [0, 3, 10]) reporter.report(download(filesDone));
    return { out: out.text(), status: status.text() };
  };
  const last = "downloaded o/name  10 MB of 10 MB  10/10 files  2.0 MB/s\n";
  const over = "\x1b[1A\x1b[J";
  const drawn = report(false, true).status;
  assert(drawn.startsWith("downloading o/name  0 bytes of 10 MB  0/10 files"));
  assert.deepEqual([drawn.split(over).length, drawn.endsWith(`${over}${last}`)], [3, true]);
  // Less than ten seconds lie between them.
  const plain = report(false, false).status.split("\n");
  assert.deepEqual([plain.length, `${plain[1]}\n`], [3, last]);
  const events = report(true, false).out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events, [0, 3, 10].map(download));
});

Deno.test("a full disk or a reader that has gone does not end a run", () => {
  const full = {
    isTerminal: () => false,
    writeSync() {
      throw new Deno.errors.WriteZero("no space left on device");
    },
  };
  const out = terminalOf(full as unknown as typeof Deno.stdout);
  for (const json of [true, false]) createReporter(json, out, out).report(DONE);
});

Deno.test("run_event.ts is types only, so that a web page can import it", async () => {
  const url = new URL("../../../lib/report/run_event.ts", import.meta.url);
  const lines = (await Deno.readTextFile(url)).split("\n");
  const imports = lines.filter((line) => /^import /.test(line));
  assert(imports.length > 0 && imports.every((line) => line.startsWith("import type ")));
  const exports = lines.filter((line) => /^export /.test(line));
  assert(exports.every((line) => /^export (interface|type) /.test(line)), exports.join("\n"));
});

function sample(call: number, seconds: number, number?: number): SampleEvent {
  const picture = number === undefined ? {} : { picture: { number, of: 2 } };
  return { event: "sample", call, calls: 20, seconds, ...picture };
}

Deno.test("createReporter() tells how far the samples of a batch are", () => {
  const [out, status] = [terminal(false), terminal(false)];
  const reporter = createReporter(false, out.fake, status.fake);
  reporter.report({ event: "stage", stage: "sample" });
  for (let call = 1; call <= 20; call++) {
    for (const number of [1, 2]) reporter.report(sample(call, call, number));
  }
  // One line in ten seconds, with the calls of both pictures.
  assert.equal(
    status.text(),
    "sample …\nsample: teacher call 19/40  ETA 11 s\nsample: teacher call 39/40  ETA 1 s\n",
  );
});

Deno.test("createReporter() draws a bar of samples until the picture starts", () => {
  const [out, status] = [terminal(true), terminal(true)];
  const reporter = createReporter(false, out.fake, status.fake);
  reporter.report(sample(10, 5));
  assert.match(status.text(), /^█{12}░{12} sample: teacher call 10\/20\n$/);
  reporter.report({ event: "note", message: "a note" });
  assert.match(status.text(), /note: a note\n█{12}░{12} sample: teacher call 10\/20\n$/);
  reporter.report({ ...START, steps: 0 });
  reporter.report(DONE);
  // Erased, and not drawn again.
  assert.equal(status.text().match(/sample/g)!.length, 2);
});
