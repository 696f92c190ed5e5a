import assert from "node:assert/strict";
import { PLANNER_VARIABLES } from "../../../lib/launcher/check_plan.ts";
import { configKeys } from "../../../config/config_keys.ts";
import { HUB_VARIABLES } from "../../../lib/hub/settings.ts";
import { assertPermissions, context, permit, readsOf, TERMINAL } from "./permission_context.ts";

/** A machine that knows where the Hub's files are. */
const WITH_HUB = context({
  files: ["/home/models/mine/unet/config.json"],
  findHub: () => ({
    endpoint: "https://huggingface.co",
    cacheFolder: "/hf/hub",
    tokenFile: "/hf/token",
  }),
});

Deno.test("permissionsOf() lets a model of the Hub be read, and downloaded where that is asked", () => {
  for (const id of ["sdxl", "owner/name", "owner/name@refs/pr/1"]) {
    const offline = permit("generate", ["--model", id], WITH_HUB);
    assert.match(offline[0]!, /^--allow-read=.*,\/hf\/hub,\/hf\/token$/);
    assert.equal(offline[1], "--allow-write=/home/workdir");
    assert.match(offline[2]!, /^--allow-env=COLORTERM,TERM,HF_ENDPOINT,HF_HOME,.*HF_TOKEN/);
    assert.equal(offline.length, 3);
    for (const flag of ["--download", "--force_download"]) {
      const online = permit("generate", ["--model", id, flag], WITH_HUB);
      assert.deepEqual(online.slice(1, 4), [
        "--allow-write=/home/workdir,/hf/hub",
        "--allow-net=huggingface.co,*.hf.co",
        "--allow-sys=statfs",
      ]);
      assert.equal(online[4], offline[2]);
    }
  }
});

Deno.test("permissionsOf() gives nothing of the Hub where none of its models is named", () => {
  for (
    const args of [
      [],
      ["--model", "mini"],
      ["--model", "models/mine"],
      ["--model", "./owner/name"],
      ["--set", "diffusion.vae_id=taesdxl"],
      ["--set", "diffusion.lora_path=a/b.safetensors"],
      ["--set", "controlnet.models_id=[canny_mid, depth_mid]"],
      ["--set", "caption.blip_model_id=owner/blip"],
      ["--model", "./x", "--set", "controlnet.models_id=canny_mid"],
      ["--model", "sdxl", "--set", "diffusion.model_id=mini"],
    ]
  ) {
    const given = permit("generate", [...args, "--download"], WITH_HUB);
    assert(!given.some((flag) => /hf|huggingface|HF_/.test(flag)), args.join(" "));
  }
  for (
    const args of [
      ["--model", "./x", "--set", "diffusion.vae_id=taesdxl"],
      ["--set", "diffusion.vae_id=owner/vae"],
      ["--set", "diffusion.lora_path=a.safetensors,owner/lora"],
      ["--set", "diffusion.lora_path=owner/lora:x.safetensors"],
      ["--model", "./x", "--set", "controlnet.models_id=depth_mid"],
      ["--set", "automatic_caption=true", "--set", "caption.blip_model_id=owner/blip"],
      ["--set", "controlnet.models_id=[canny, owner/controlnet-canny]"],
    ]
  ) {
    const given = permit("generate", args, WITH_HUB);
    assert(given.some((flag) => flag.includes("/hf/hub")), args.join(" "));
  }
});

Deno.test("the planner may ask for the variables that tell where the Hub's files are", () => {
  assert.deepEqual(PLANNER_VARIABLES, ["INIT_CWD", ...HUB_VARIABLES, "XDG_RUNTIME_DIR"]);
});

Deno.test("permissionsOf() lets inspect read what was typed, or headers from the Hub, and write nothing", () => {
  const given = context({
    runtimeFiles: [],
    findHub: () => ({ endpoint: "https://hub.test", cacheFolder: "/cache/hub" }),
  });
  const configs = ["unet", "text_encoder", "text_encoder_2", "vae", "controlnet"]
    .map((name) => `/home/m/${name}/config.json`);
  const beside = ["config.json", "tokenizer", "tokenizer_2", "vocab.json", "merges.txt"]
    .concat("tokenizer.json").map((name) => `/home/m/${name}`);
  assertPermissions(
    permit("inspect", ["m/pony.safetensors"], given),
    ["/project", "/home/m/pony.safetensors", ...configs, ...beside],
    [TERMINAL],
  );
  assertPermissions(permit("inspect", ["./m", "--json"], given), ["/project", "/home/m"], [
    TERMINAL,
  ]);
  for (const id of ["owner/name", "owner/name:a.safetensors", "sdxl"]) {
    const found = permit("inspect", [id], given);
    assert(found.includes("--allow-net=hub.test,*.hf.co"), id);
    assert(!found.some((flag) => flag.startsWith("--allow-write")), id);
    assert(readsOf(found).has("/cache/hub"), id);
  }
  // An address needs its host only; the Hub redirects to its stores.
  const file = permit("inspect", ["https://models.test/a.safetensors?token=1"], given);
  assert(file.includes("--allow-net=models.test"), file.join(" "));
  const ofHub = permit("inspect", ["https://hub.test/a/b/resolve/main/a.safetensors"], given);
  assert(ofHub.includes("--allow-net=hub.test,*.hf.co"), ofHub.join(" "));
});

Deno.test("permissionsOf() lets generate read what is beside a checkpoint in one file", () => {
  const given = context({
    findHub: () => ({ endpoint: "https://hub.test", cacheFolder: "/cache/hub" }),
  });
  const found = permit("generate", ["--model", "m/pony.safetensors"], given);
  const reads = readsOf(found);
  for (const path of ["pony.safetensors", "unet/config.json", "tokenizer", "merges.txt"]) {
    assert(reads.has(`/home/m/${path}`), path);
  }
  // A tokenizer may be in the cache; the network is not used without --download.
  assert(reads.has("/cache/hub"));
  assert(!reads.has("/home/m"));
  assert(!found.some((flag) => flag.startsWith("--allow-net")));
});

Deno.test("permissionsOf() grants what a new config key names, by its traits", () => {
  const spec = { default: null, null: "none", doc: "A second teacher", isPath: true } as const;
  const path = "diffusion.second_id";
  const permitWith = (value: string, traits: object) =>
    permit(
      "generate",
      ["--config", "/x/a.yaml"],
      context({
        configs: { "/x/a.yaml": { [path]: value } },
        findHub: () => ({ endpoint: "https://hub.test", cacheFolder: "/cache/hub" }),
        keys: [...configKeys(), { path, names: [], spec: { ...spec, ...traits } }],
      }),
    );
  const hub = (traits: object) => readsOf(permitWith("owner/name", traits)).has("/cache/hub");
  assert.deepEqual([hub({ isHubModel: true }), hub({})], [true, false]);
  const beside = (traits: object) =>
    readsOf(permitWith("/x/b.safetensors", traits)).has("/x/unet/config.json");
  assert.deepEqual([beside({ isCheckpoint: true }), beside({})], [true, false]);
});
