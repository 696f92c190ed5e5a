import assert from "node:assert/strict";
import { HUB_MODELS, parseModelId } from "../../../lib/hub/model_ids.ts";

Deno.test("parseModelId() knows SD-piXL's names and those of Stable Diffusion 1.5", () => {
  // Source: SD-piXL, pipelines/distillation/__init__.py; the names with "_full" are ours, as are
  // those of Stable Diffusion 1.5.
  const repos = {
    "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
    "ssd1b": "segmind/SSD-1B",
    "sd15": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "taesd": "madebyollin/taesd",
    "taesdxl": "madebyollin/taesdxl",
    "vae-16-fix": "madebyollin/sdxl-vae-fp16-fix",
    "canny_small": "diffusers/controlnet-canny-sdxl-1.0-small",
    "canny_mid": "diffusers/controlnet-canny-sdxl-1.0-mid",
    "canny_full": "diffusers/controlnet-canny-sdxl-1.0",
    "canny": "diffusers/controlnet-canny-sdxl-1.0",
    "depth_small": "diffusers/controlnet-depth-sdxl-1.0-small",
    "depth_mid": "diffusers/controlnet-depth-sdxl-1.0-mid",
    "depth_full": "diffusers/controlnet-depth-sdxl-1.0",
    "depth": "diffusers/controlnet-depth-sdxl-1.0",
    "canny_sd15": "lllyasviel/control_v11p_sd15_canny",
    "depth_sd15": "lllyasviel/control_v11f1p_sd15_depth",
  };
  assert.deepEqual(
    Object.fromEntries(Object.entries(HUB_MODELS).map(([name, { repo }]) => [name, repo])),
    repos,
  );
  for (const [name, repo] of Object.entries(repos)) {
    const model = HUB_MODELS[name]!;
    assert.deepEqual(parseModelId(name), { type: "hub", repo, revision: "main", model });
  }
});

Deno.test("parseModelId() reads repositories with revisions", () => {
  const hub = (repo: string, revision: string) => ({ type: "hub", repo, revision });
  assert.deepEqual(parseModelId("segmind/SSD-1B"), hub("segmind/SSD-1B", "main"));
  assert.deepEqual(parseModelId("a/b@v1.0"), hub("a/b", "v1.0"));
  assert.deepEqual(parseModelId("a/b@refs/pr/1"), hub("a/b", "refs/pr/1"));
  const sdxl = parseModelId("sdxl@fp16");
  assert.equal(sdxl.type === "hub" && sdxl.revision, "fp16");
});

Deno.test("parseModelId() reads paths and addresses of folders", () => {
  const ids = ["./a/b", "../a", ".", "/a/b", "~/a", "C:\\a\\b", "c:/a", ".\\a", "a/b/c", "a\\b"];
  for (const location of [...ids, "https://x.org/model", "file:///a"]) {
    assert.deepEqual(parseModelId(location), { type: "folder", location });
  }
});

Deno.test("parseModelId() refuses other texts, and revisions that are paths", () => {
  assert.throws(
    () => parseModelId("sdlx"),
    /expected mini, sdxl, ssd1b, .* did you mean "sdxl"\?$/,
  );
  assert.throws(() => parseModelId(""), /Cannot find the model ""/);
  for (const id of ["a/b@../../x", "a/b@/etc", "a/b@", "a/b@x/../y", "a/b@x/", "sdxl@.."]) {
    assert.throws(() => parseModelId(id), /expected a branch, a tag or a commit after "@"/, id);
  }
  // Names that would be another repository's folder in the cache.
  for (const id of ["a--b/c", "a/..b", "a/b..c"]) {
    assert.equal(parseModelId(id).type, "folder", id);
  }
});
