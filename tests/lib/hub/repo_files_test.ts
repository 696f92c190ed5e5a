import assert from "node:assert/strict";
import { chooseFiles, type FileChoice } from "../../../lib/hub/repo_files.ts";
import { NEEDED, pipelineFiles } from "./fake_hub.ts";

/** Lists the paths that are chosen of some files. */
function choose(paths: readonly string[], choice: FileChoice = {}, repo = "a/b"): string[] {
  const files = paths.map((path) => ({ path, byteLength: 1, gitHash: "a".repeat(40) }));
  const parts = chooseFiles(repo, { commit: "a".repeat(40), files }, choice);
  return parts.flatMap(({ texts, weights }) => [...texts, ...weights]).map(({ path }) => path)
    .sort();
}

Deno.test("chooseFiles() takes the files of a pipeline that a teacher needs", () => {
  const paths = Object.keys(pipelineFiles());
  assert.deepEqual(choose(paths), [...NEEDED].sort());
  assert.deepEqual(choose(paths, { subfolders: ["vae"], prefer: "float32" }), [
    "model_index.json",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
  ]);
  const own = ["model_index.json", "controlnet_canny/config.json"];
  const weights = "controlnet_canny/diffusion_pytorch_model.safetensors";
  assert.deepEqual(choose([...own, weights]), [...own, weights].sort());
});

Deno.test("chooseFiles() takes a teacher's CLIP, but no other files of that name", () => {
  const own = ["model_index.json", "unet/config.json", "unet/model.safetensors"];
  const clip = ["config.json", "model.safetensors", "preprocessor_config.json", "vocab.json"]
    .map((name) => `clip/${name}`);
  assert.deepEqual(choose([...own, ...clip]), [...own, ...clip].sort());
  for (const others of [["clip_l.safetensors"], ["config.json", "pytorch_model.bin"]]) {
    assert.deepEqual(choose([...own, ...others.map((name) => `clip/${name}`)]), own);
  }
});

Deno.test("chooseFiles() takes a single network, such as taesdxl, at the root", () => {
  const weights = "diffusion_pytorch_model.safetensors";
  const paths = ["README.md", "config.json", "diffusion_pytorch_model.bin", weights];
  assert.deepEqual(choose([...paths, "taesdxl_decoder.safetensors", "x/config.json"]), [
    "config.json",
    weights,
  ]);
});

// The files of Intel/dpt-hybrid-midas at `main` and at `refs/pr/5`.
Deno.test("chooseFiles() names the revision of SD-piXL's depth network that has safetensors", () => {
  const texts = ["config.json", "preprocessor_config.json"];
  const repo = "Intel/dpt-hybrid-midas";
  const main = ["README.md", ...texts, "pytorch_model.bin"];
  assert.throws(
    () => choose(main, {}, repo),
    /only the pickle "pytorch_model\.bin".* use its revision with safetensors, Intel\/dpt-hybrid-midas@refs\/pr\/5, or convert/,
  );
  const weights = "model.safetensors";
  assert.deepEqual(choose([...main, weights], {}, repo), [...texts, weights].sort());
});

Deno.test("chooseFiles() names the commit of CLIP that has safetensors", () => {
  assert.throws(
    () => choose(["config.json", "pytorch_model.bin"], {}, "openai/clip-vit-base-patch32"),
    /use its revision with safetensors, openai\/clip-vit-base-patch32@c237dc49[0-9a-f]{32}, or/,
  );
});

Deno.test("chooseFiles() takes shards with their index, in both namings of variants", () => {
  const shards = (name: (part: string) => string, index: string) => [
    name("00001-of-00002"),
    name("00002-of-00002"),
    index,
  ];
  const plain = shards(
    (part) => `diffusion_pytorch_model-${part}.safetensors`,
    "diffusion_pytorch_model.safetensors.index.json",
  );
  const older = shards(
    (part) => `diffusion_pytorch_model-${part}.fp16.safetensors`,
    "diffusion_pytorch_model.safetensors.index.fp16.json",
  );
  const newer = shards(
    (part) => `diffusion_pytorch_model.fp16-${part}.safetensors`,
    "diffusion_pytorch_model.fp16.safetensors.index.json",
  );
  for (const half of [older, newer]) {
    const all = ["config.json", ...plain, ...half];
    assert.deepEqual(choose(all), ["config.json", ...half].sort());
    assert.deepEqual(choose(all, { prefer: "float32" }), ["config.json", ...plain].sort());
  }
  // Shards without their index cannot be read.
  assert.throws(() => choose(["config.json", plain[0]!, plain[1]!]), /expected weights in/);
});
