import assert from "node:assert/strict";
import {
  permissiblePath,
  type PermissionContext,
  permissionsOf,
} from "../../../lib/launcher/permissions.ts";
import { HUB_VARIABLES } from "../../../lib/hub/settings.ts";

const CONTEXT: PermissionContext = {
  root: "/project",
  cwd: "/home",
  runtimeFiles: ["/cache/ort.wasm"],
  deno: "/bin/deno",
  readText: (path) =>
    path === "/home/my.yaml"
      ? 'image: "in/cat: 1.png" # mine\noutput: out\ngenerator:\n  palette: p.hex\n'
      : undefined,
};
const TERMINAL = "--allow-env=COLORTERM,TERM";

Deno.test("permissionsOf() lets generate read the project and write its output, no more", () => {
  assert.deepEqual(permissionsOf("generate", ["--prompt", "a cat, /etc/passwd"], CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/home/workdir",
    "--allow-write=/home/workdir",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() adds what the user names, in any spelling of the flag", () => {
  const args = ["--input_image=a.png", "--palette", "/p/x.hex", "--output", "o", "--verbose"];
  assert.deepEqual(permissionsOf("generate", args, CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/home/a.png,/p/x.hex,/home/o",
    "--allow-write=/home/o",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets generate read each of several palettes", () => {
  const args = ["--palette", "a.hex", "--palette=b.hex", "-pt", "a cat", "-pt", "c.hex"];
  const [read] = permissionsOf("generate", [...args, "--variations", "3"], CONTEXT);
  assert.equal(read, "--allow-read=/project,/cache/ort.wasm,/home/a.hex,/home/b.hex,/home/workdir");
});

Deno.test("permissiblePath() names the folder above a part with a comma", () => {
  assert.equal(permissiblePath("/home/cat.png"), "/home/cat.png");
  assert.equal(permissiblePath("/home/a,b.png"), "/home");
  assert.equal(permissiblePath("/home/x/,b/c,d.png"), "/home/x");
});

Deno.test("permissionsOf() follows a config file", () => {
  assert.deepEqual(permissionsOf("generate", ["--config", "my.yaml"], CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/home/my.yaml,/home/in/cat: 1.png,/home/p.hex,/home/out",
    "--allow-write=/home/out",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() looks for a config in the folder config, too", () => {
  const readText = (path: string) =>
    path === "/home/config/my.yaml" ? "image: cat.png\n" : undefined;
  const [read] = permissionsOf("generate", ["-c", "my.yaml"], { ...CONTEXT, readText });
  assert.match(read!, /,\/home\/config\/my\.yaml,\/home\/cat\.png,/);
});

Deno.test("permissionsOf() lets layers read a run and write one folder", () => {
  const context = { ...CONTEXT, runtimeFiles: [] };
  assert.deepEqual(permissionsOf("layers", ["runs/a", "--palette", "p.hex"], context), [
    "--allow-read=/project,/home/p.hex,/home/runs/a,/home/runs/a/layers",
    "--allow-write=/home/runs/a/layers",
    TERMINAL,
  ]);
  const args = ["--checkpoint", "runs/a/checkpoint_5.safetensors", "--save_dir", "o"];
  assert.deepEqual(permissionsOf("layers", args, context), [
    "--allow-read=/project,/home/runs/a/checkpoint_5.safetensors,/home/o",
    "--allow-write=/home/o",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets video read a run, and write its folder or where the film goes", () => {
  const context = { ...CONTEXT, runtimeFiles: [] };
  const places: [string[], string][] = [
    [[], "/home/runs/a"],
    [["--output", "films"], "/home/films"],
    [["--output=/x/films/a.gif"], "/x/films"],
    [["-o", "a.PNG"], "/home"],
  ];
  for (const [output, folder] of places) {
    const flags = ["--format", "gif", "--video_size", "64,64", "--fps", "12"];
    const [read, write, ...others] = permissionsOf(
      "video",
      [...flags, "runs/a", ...output],
      context,
    );
    const run = folder === "/home/runs/a" ? "" : `,${folder}`;
    assert.equal(read, `--allow-read=/project,/home/runs/a${run}`);
    assert.deepEqual([write, ...others], [`--allow-write=${folder}`, TERMINAL]);
  }
});

Deno.test("permissionsOf() lets palettes read what is named, not the values of flags", () => {
  const context = { ...CONTEXT, runtimeFiles: [] };
  const args = ["--sort", "hue", "pico-8", "--hex_dir", "mine", "--output", "o"];
  assert.deepEqual(permissionsOf("palettes", args, context), [
    "--allow-read=/project,/home/mine,/home/pico-8,/home/o",
    "--allow-write=/home/o",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() gives the network only for a URL that is named", () => {
  const args = ["--model", "https://example.org:8443/mini", "--set", "output=o"];
  assert.deepEqual(permissionsOf("generate", args, CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/home/o",
    "--allow-write=/home/o",
    "--allow-net=example.org:8443",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets a resumed run write its own folder", () => {
  const args = ["--resume", "runs/a/checkpoint_50.safetensors"];
  const [read, write] = permissionsOf("generate", args, CONTEXT);
  assert.equal(write, "--allow-write=/home/workdir,/home/runs/a");
  assert.match(read!, /checkpoint_50\.safetensors,\/home\/workdir,\/home\/runs\/a$/);
});

Deno.test("permissionsOf() follows the config of a resumed run", () => {
  const readText = (path: string) =>
    path === "/home/runs/a/config.yaml"
      ? "image: cat.png\ndiffusion:\n  model_id: m\n  vae_id: ./v\n"
      : undefined;
  for (const resume of ["runs/a", "runs/a/checkpoint_50.safetensors"]) {
    const [read] = permissionsOf("generate", ["--resume", resume], { ...CONTEXT, readText });
    assert.match(read!, /,\/home\/cat\.png,\/home\/m,\/home\/v,/);
  }
});

Deno.test("permissionsOf() lets random-teacher write its folder and read the project", () => {
  const args = ["--seed", "3", "sdxl", "--controlnet", "canny_mid", "big", "--debug"];
  assert.deepEqual(permissionsOf("random-teacher", args, { ...CONTEXT, runtimeFiles: [] }), [
    "--allow-read=/project,/home/big",
    "--allow-write=/home/big",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets verify read its folder and write nothing", () => {
  assert.deepEqual(permissionsOf("verify", ["../goldens"], CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/goldens",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets tests start Deno and serve on this machine", () => {
  assert.deepEqual(permissionsOf("test", ["tests/config"], CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm",
    "--allow-write=/project/workdir",
    "--allow-net=localhost,127.0.0.1,0.0.0.0",
    "--allow-run=/bin/deno",
  ]);
});

Deno.test("permissionsOf() lets the benchmark of recipes read its teacher and write its folder", () => {
  const args = ["--set", "names48", "--override", "training.steps=3", "--model", "/m", "--judge=j"];
  assert.deepEqual(permissionsOf("bench-recipes", args, CONTEXT), [
    "--allow-read=/project,/cache/ort.wasm,/m,/home/j,/home/workdir/bench",
    "--allow-write=/home/workdir/bench",
    TERMINAL,
  ]);
});

/** A machine that knows where the Hub's files are. */
const WITH_HUB: PermissionContext = {
  ...CONTEXT,
  findHub: () => ({
    endpoint: "https://huggingface.co",
    cacheFolder: "/hf/hub",
    tokenFile: "/hf/token",
  }),
};

Deno.test("permissionsOf() lets a model of the Hub be read, and downloaded where that is asked", () => {
  for (const id of ["sdxl", "owner/name", "owner/name@refs/pr/1"]) {
    const offline = permissionsOf("generate", ["--model", id], WITH_HUB);
    assert.match(offline[0]!, /^--allow-read=.*,\/hf\/hub,\/hf\/token$/);
    assert.equal(offline[1], "--allow-write=/home/workdir");
    assert.match(offline[2]!, /^--allow-env=COLORTERM,TERM,HF_ENDPOINT,HF_HOME,.*HF_TOKEN/);
    assert.equal(offline.length, 3);
    for (const flag of ["--download", "--force_download"]) {
      const online = permissionsOf("generate", ["--model", id, flag], WITH_HUB);
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
  const readText = (path: string) => path === "/home/models/mine/unet/config.json" ? "" : undefined;
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
    const given = permissionsOf("generate", [...args, "--download"], { ...WITH_HUB, readText });
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
    const given = permissionsOf("generate", args, WITH_HUB);
    assert(given.some((flag) => flag.includes("/hf/hub")), args.join(" "));
  }
});

Deno.test("the launcher may ask for the variables that tell where the Hub's files are", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  const [, list] = /--allow-env=(\S+)/.exec(tasks.launch.command)!;
  assert.deepEqual(list!.split(","), ["XDG_RUNTIME_DIR", "INIT_CWD", ...HUB_VARIABLES]);
});
