import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../config/resolve_run_config.ts";
import type { RunConfig } from "../../../config/run_config.ts";
import { writeRunConfig } from "../../../config/write_run_config.ts";
import { findPalette } from "../../../lib/palette/formats/find_palette.ts";
import { Palette } from "../../../lib/palette/palette.ts";
import { decodeJob, encodeJob, type JobData, jobId } from "../../../lib/queue/picture_job.ts";

const PALETTE = await findPalette("sweetie-16");
const MODELS = ["mini"];

function jobOf(
  config: Parameters<typeof resolveRunConfig>[0],
  palette = PALETTE,
  image?: Uint8Array<ArrayBuffer>,
): JobData {
  return encodeJob({ config: resolveRunConfig(config), palette, image });
}

Deno.test("a job comes back with its config, palette and image", () => {
  const palette = new Palette("my colors", Uint8Array.of(1, 2, 3, 254, 255, 0));
  const image = Uint8Array.of(0, 1, 255);
  const config = { prompt: "a cat", seed: 2n ** 63n, image: "/home/me/cat.png" };
  const job = decodeJob(JSON.parse(JSON.stringify(jobOf(config, palette, image))), MODELS);
  assert.equal(job.config.prompt, "a cat");
  assert.equal(job.config.seed, 2n ** 63n);
  // Paths of the sender's machine stay there.
  assert.equal(job.config.image, "input");
  assert.equal(job.config.generator.palette, "palette.hex");
  assert.equal(job.palette.toHexText(), "010203\nfeff00\n");
  assert.deepEqual(job.image, image);
});

Deno.test("equal pictures are equal jobs, and others are not", async () => {
  const id = await jobId(jobOf({ prompt: "a cat" }));
  assert.match(id, /^p[0-9a-f]{64}$/);
  const sameKeys = { output: "/elsewhere", runtime: "wasm", batch: 4 } as const;
  const training = { saveSteps: 1, checkpointSteps: 1 };
  assert.equal(await jobId(jobOf({ prompt: "a cat", ...sameKeys, training })), id);
  const others = [
    jobOf({ prompt: "a dog" }),
    jobOf({ prompt: "a cat", seed: 1 }),
    jobOf({ prompt: "a cat" }, await findPalette("pico-8")),
    jobOf({ prompt: "a cat" }, PALETTE, Uint8Array.of(1)),
    jobOf({ prompt: "a cat", diffusion: { modelId: "sdxl" } }),
  ];
  const ids = await Promise.all(others.map(jobId));
  assert.equal(new Set([id, ...ids]).size, others.length + 1);
});

Deno.test("a job names no file, and no model that the worker does not offer", () => {
  const secrets = "/etc/passwd";
  const parts: Parameters<typeof resolveRunConfig>[0][] = [
    { diffusion: { modelId: secrets } },
    { diffusion: { modelId: "sdxl" } },
    { diffusion: { modelId: "https://evil.org/model" } },
    { diffusion: { vaeId: secrets } },
    { diffusion: { loraPath: secrets } },
    { diffusion: { loraPath: "mini,../secrets.safetensors" } },
    { diffusion: { tokenizerId: secrets } },
    { diffusion: { baseId: secrets } },
    { diffusion: { clipId: secrets } },
    { controlnet: { modelsId: [secrets + "_canny"], controlnetConditioningScale: [1] } },
    { controlnet: { depthModelId: secrets } },
    { caption: { blipModelId: secrets } },
  ];
  for (const part of parts) {
    assert.throws(
      () => decodeJob(jobOf({ prompt: "a cat", ...part }), MODELS),
      { name: "JobError", message: /does not offer/ },
      JSON.stringify(part),
    );
  }
  decodeJob(jobOf({ prompt: "a cat", diffusion: { modelId: secrets } }), [secrets]);
});

Deno.test("a forged job cannot name an image, a palette, a folder or native code", () => {
  const forge = (part: Partial<RunConfig>) => {
    const base = jobOf({ prompt: "a cat" });
    const config = { ...decodeJob(base, MODELS).config, ...part };
    return { ...base, config: writeRunConfig(config) };
  };
  const generator = resolveRunConfig().generator;
  for (
    const part of [
      { image: "/etc/passwd" },
      { image: "input" },
      { generator: { ...generator, palette: "/etc/passwd" } },
      { generator: { ...generator, palette: "palette.hex" } },
    ]
  ) {
    assert.throws(() => decodeJob(forge(part), MODELS), { message: /its config names files/ });
  }
  const { config } = decodeJob(forge({ output: "/root", runtime: "native", batch: 64 }), MODELS);
  assert.deepEqual([config.output, config.runtime, config.batch], ["workdir", "auto", 0]);
});

Deno.test("a damaged job is refused with one clear sentence", () => {
  const good = jobOf({ prompt: "a cat" });
  const wrong: unknown[] = [
    undefined,
    "text",
    {},
    { ...good, version: 2 },
    { ...good, config: 5 },
    { ...good, config: "x".repeat(2 ** 17) },
    { ...good, config: "no_such_key: 1" },
    { ...good, config: "a: [" },
    { ...good, colors: "" },
    { ...good, colors: "12345" },
    { ...good, colors: "zz0000" },
    { ...good, paletteName: "x".repeat(1000) },
    { ...good, image: "%%%" },
    { ...good, image: "A".repeat(2 ** 24) },
  ];
  for (const data of wrong) {
    assert.throws(() => decodeJob(data, MODELS), (error: Error) => {
      assert.equal(error.name, "JobError");
      return error.message.startsWith("Cannot make the picture of a job: ") &&
        error.message.length < 500;
    }, JSON.stringify(data)?.slice(0, 100));
  }
});

Deno.test("an image that is too large for a job is refused", () => {
  assert.throws(() => jobOf({ prompt: "" }, PALETTE, new Uint8Array(2 ** 23 + 1)), {
    message: /at most 8388608 bytes, got 8388609/,
  });
});
