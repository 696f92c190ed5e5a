import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../../config/mod.ts";
import { combinations } from "../../../../lib/cli/flags/combinations.ts";
import {
  IMAGE_EXTENSIONS,
  isFrameImage,
  splitFrames,
} from "../../../../lib/cli/flags/frame_list.ts";
import { IMAGE_FORMATS } from "../../../../lib/image/formats/image_formats.ts";
import { permit } from "../../launcher/permission_context.ts";

const config = resolveRunConfig();

Deno.test("--frames makes a picture of each prompt or image, with one seed and palette", () => {
  const frames = combinations({ frames: "a cat; a cat, jumping ;" }, config);
  assert.deepEqual(frames.map(({ prompt }) => prompt), ["a cat", "a cat, jumping"]);
  assert.deepEqual(
    new Set(frames.map(({ seed, generator }) => `${seed} ${generator.palette}`)).size,
    1,
  );
  const images = combinations({ frames: "walk/1.png; walk/2.PNG", prompt: ["a cat"] }, {
    ...config,
    prompt: "a cat",
  });
  assert.deepEqual(images.map(({ image, prompt }) => [image, prompt]), [
    ["walk/1.png", "a cat"],
    ["walk/2.PNG", "a cat"],
  ]);
  assert.deepEqual(splitFrames(" ; a;;b "), ["a", "b"]);
  assert(!isFrameImage("a cat in 2.5 d"));
});

Deno.test("the planner knows the extensions of all image formats", () => {
  const extensions = IMAGE_FORMATS.flatMap((format) => format.extensions);
  assert.deepEqual(IMAGE_EXTENSIONS.toSorted(), extensions.toSorted());
});

Deno.test("--frames refuses what contradicts it, in one sentence", () => {
  const colors = resolveRunConfig({ generator: { initializationMethod: "kmeans" } });
  const cases = [
    [{ frames: "a" }, config, /expected 2 to 64 with ";" between, got 1$/],
    [{ frames: "a; b.png" }, config, /expected prompts or images, got both: "b\.png"/],
    [{ frames: "a; b", prompt: ["c"] }, config, /leave --prompt out$/],
    [{ frames: "a.png; b.png" }, { ...config, image: "c.png" }, /leave --input-image out$/],
    [{ frames: "a; b", variations: "2" }, config, /leave --variations and further palettes out$/],
    [{ frames: "a; b" }, colors, /it cannot be made from each image; name a --palette$/],
  ] as const;
  for (const [flags, given, message] of cases) {
    assert.throws(() => combinations(flags, given), { name: "UsageError", message });
  }
});

Deno.test("images that --frames names may be read, prompts are no files", () => {
  const [reads] = permit("generate", ["--frames", "a/1.png; b/2.png"]);
  assert.match(reads!, /,\/home\/a\/1\.png,\/home\/b\/2\.png,/);
  assert(!permit("generate", ["--frames", "/etc; a cat"])[0]!.includes("/etc"));
});
