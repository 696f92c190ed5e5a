import assert from "node:assert/strict";
import {
  assertPermissions,
  context,
  permit,
  PROJECT,
  readsOf,
  TERMINAL,
  WITHOUT_RUNTIME,
} from "./permission_context.ts";

Deno.test("permissionsOf() lets generate read the project and write its output, no more", () => {
  const found = permit("generate", ["--prompt", "a cat, /etc/passwd"]);
  const write = "--allow-write=/home/workdir";
  assertPermissions(found, [...PROJECT, "/home/workdir"], [write, TERMINAL]);
});

Deno.test("permissionsOf() never takes a value for a flag", () => {
  const plain = permit("generate", []);
  const values = [
    ...["--runtime=native", "--runtime", "--output=/", "--model=/", "--input-image=/etc/shadow"],
    ...["--resume=/", "--config=/", "--set=output=/", "--download", "--model=https://a.org/m"],
  ];
  for (const value of values) {
    for (const flag of ["--prompt", "-pt", "--negative_prompt", "-npt", "-d", "--fps"]) {
      if (flag === "-d") continue;
      assert.deepEqual(permit("generate", [flag, value]), plain, `${flag} ${value}`);
      assert.deepEqual(permit("generate", [`${flag}=${value}`]), plain, `${flag}=${value}`);
    }
    const text = ["--set", `prompt=${value}`, "--set", "negative_prompt=--output=/"];
    assert.deepEqual(permit("generate", text), plain);
    assert.deepEqual(permit("generate", ["--update", `prompt=${value}`]), plain);
    assert.deepEqual(permit("generate", ["--project_name", value, "--entity", value]), plain);
    const palettes = permit("palettes", ["--sort", value], WITHOUT_RUNTIME);
    assert.deepEqual(palettes, permit("palettes", [], WITHOUT_RUNTIME));
  }
  // A wrong value ends the command before anything is permitted.
  assert.throws(() => permit("generate", ["--seed", "--runtime=native"]), { name: "ConfigError" });
  // After "--" there are no flags.
  assert.throws(() => permit("generate", ["--", "--runtime=native"]), { name: "UsageError" });
});

Deno.test("permissionsOf() adds what the user names, in any spelling of the flag", () => {
  const args = ["--input_image=a.png", "--palette", "/p/x.hex", "--output", "o", "--verbose"];
  const reads = [...PROJECT, "/home/a.png", "/p/x.hex", "/home/o"];
  assertPermissions(permit("generate", args), reads, ["--allow-write=/home/o", TERMINAL]);
});

Deno.test("permissionsOf() lets generate read each of several palettes", () => {
  const args = ["--palette", "a.hex", "--palette=b.hex", "-pt", "a cat", "-pt", "c.hex"];
  const found = permit("generate", [...args, "--variations", "3"]);
  const reads = [...PROJECT, "/home/a.hex", "/home/b.hex", "/home/workdir"];
  assert.deepEqual(readsOf(found), new Set(reads));
});

Deno.test("permissionsOf() refuses a comma, which would permit the parts of a path", () => {
  for (
    const args of [
      ["--output", "/,x"],
      ["--output=out,/"],
      ["--input_image", "a,b.png"],
      ["--config", "a,b.yaml"],
      ["--set", "generator.palette=/etc,x"],
      ["--resume", "runs,/"],
    ]
  ) {
    assert.throws(() => permit("generate", args), {
      name: "RefusedError",
      message: /^Cannot permit ".*": Deno takes no comma in a permission; rename/,
    });
  }
  const folder = context({ cwd: "/home/pics,2024" });
  assert.throws(() => permit("generate", [], folder), { name: "RefusedError" });
  // A list of LoRAs has commas between its paths.
  const loras = permit("generate", ["--set", "diffusion.lora_path=/a.safetensors,/b.safetensors"]);
  for (const path of ["/a.safetensors", "/b.safetensors"]) assert(readsOf(loras).has(path));
});

Deno.test("permissionsOf() refuses empty outputs and hosts that are no single host", () => {
  for (const value of ["output=", "output= "]) {
    assert.throws(() => permit("generate", ["--set", value]), { name: "RefusedError" });
  }
  for (
    const url of ["http://*.com/m", "https://*/m", "http://a%2a.org", "HTTP://*:80/", "http://"]
  ) {
    assert.throws(() => permit("generate", ["--model", url]), {
      name: "RefusedError",
      message: /^Cannot permit the network for ".*": expected a URL with one host$/,
    });
  }
  for (const [url, host] of [["http://[::1]:8000/m", "[::1]:8000"], ["https://B.org/", "b.org"]]) {
    assert(permit("generate", ["--model", url!]).includes(`--allow-net=${host}`));
  }
});

Deno.test("permissionsOf() follows a config file", () => {
  const reads = ["/home/my.yaml", "/home/in/cat: 1.png", "/home/p.hex", "/home/out"];
  assertPermissions(permit("generate", ["--config", "my.yaml"]), [...PROJECT, ...reads], [
    "--allow-write=/home/out",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() gives what a config file asks for beyond its folder only if typed", () => {
  const cases: readonly (readonly [key: string, value: unknown, typed: string[], add: string])[] = [
    ["runtime", "native", ["--runtime", "native"], '--runtime "native"'],
    ["output", "/", ["--output", "/"], '--output "/"'],
    ["output", "..", ["--output", ".."], '--output ".."'],
    ["output", ".", ["--output", "."], '--output "."'],
    ["output", "/home", ["--output", "/home"], '--output "/home"'],
    ["output", "../y", ["--output", "../y"], '--output "../y"'],
    ["output", "a/.ssh", ["--output", "a/.ssh"], '--output "a/.ssh"'],
    ["image", ".ssh/id", ["--input_image", ".ssh/id"], '--input-image ".ssh/id"'],
    ["image", "/etc/passwd", ["--input_image", "/etc/passwd"], '--input-image "/etc/passwd"'],
    ["generator.palette", "../../y", ["--palette", "../../y"], '--palette "../../y"'],
    ["diffusion.model_id", "http://a.b/m", ["--model", "http://a.b/m"], '--model "http://a.b/m"'],
    ["diffusion.model_id", "/", ["--model", "/"], '--model "/"'],
    ["diffusion.vae_id", "/v", ["--set", "diffusion.vae_id=/v"], '--set "diffusion.vae_id=/v"'],
    [
      "controlnet.models_id",
      ["canny", "/c"],
      ["--set", "controlnet.models_id=[canny, /c]"],
      '--set "controlnet.models_id=[canny, /c]"',
    ],
    [
      "diffusion.lora_path",
      "a.safetensors,/b.safetensors",
      ["--set", "diffusion.lora_path=a.safetensors,/b.safetensors"],
      '--lora "a.safetensors,/b.safetensors"',
    ],
  ];
  for (const [key, value, typed, add] of cases) {
    for (const name of ["--config", "--resume"]) {
      if (name === "--resume" && key === "output") continue;
      const path = name === "--config" ? "/x/my.yaml" : "/x/config.yaml";
      const given = context({ configs: { [path]: { [key]: value } } });
      const args = [name, name === "--config" ? path : "/x"];
      assert.throws(() => permit("generate", args, given), {
        name: "RefusedError",
        message:
          `Cannot permit what "${path}" asks for unless it is typed; if you trust the file, ` +
          `add ${add}`,
      });
      assert.doesNotThrow(() => permit("generate", [...args, ...typed], given));
    }
  }
  // A wildcard is never permitted, wherever it stands.
  const wildcard = context({
    configs: { "/x/a.yaml": { "diffusion.model_id": "http://*.com/m" } },
  });
  assert.throws(() => permit("generate", ["-c", "/x/a.yaml"], wildcard), { name: "RefusedError" });
});

Deno.test("permissionsOf() lets a config file name inputs beside it, and no output of a resumed run", () => {
  const beside = context({ configs: { "/x/a.yaml": { "image": "/x/cat.png" } } });
  assert(readsOf(permit("generate", ["-c", "/x/a.yaml"], beside)).has("/x/cat.png"));
  const resumed = context({ configs: { "/x/config.yaml": { "output": "/" } } });
  const found = permit("generate", ["--resume", "/x"], resumed);
  assert(found.includes("--allow-write=/x"), found.join(" "));
});

Deno.test("permissionsOf() looks for a config in the folder config, too", () => {
  const given = context({ configs: { "/home/config/my.yaml": { "image": "cat.png" } } });
  const reads = readsOf(permit("generate", ["-c", "my.yaml"], given));
  for (const path of ["/home/config/my.yaml", "/home/cat.png"]) assert(reads.has(path));
});

Deno.test("permissionsOf() lets layers read a run and write one folder", () => {
  const named = permit("layers", ["runs/a", "--palette", "p.hex"], WITHOUT_RUNTIME);
  const reads = ["/project", "/home/p.hex", "/home/runs/a", "/home/runs/a/layers"];
  assertPermissions(named, reads, ["--allow-write=/home/runs/a/layers", TERMINAL]);
  const args = ["--checkpoint", "runs/a/checkpoint_5.safetensors", "--save_dir", "o"];
  assertPermissions(
    permit("layers", args, WITHOUT_RUNTIME),
    ["/project", "/home/runs/a/checkpoint_5.safetensors", "/home/o"],
    ["--allow-write=/home/o", TERMINAL],
  );
});

Deno.test("permissionsOf() lets video read a run, and write its folder or where the video goes", () => {
  const places: [string[], string][] = [
    [[], "/home/runs/a"],
    [["--output", "videos"], "/home/videos"],
    [["--output=/x/videos/a.gif"], "/x/videos"],
    [["-o", "a.PNG"], "/home"],
  ];
  for (const [output, folder] of places) {
    const flags = ["--format", "gif", "--video_size", "64,64", "--fps", "12"];
    const found = permit("video", [...flags, "runs/a", ...output], WITHOUT_RUNTIME);
    assertPermissions(found, ["/project", "/home/runs/a", folder], [
      `--allow-write=${folder}`,
      TERMINAL,
    ]);
  }
});

Deno.test("permissionsOf() lets palettes read what is named, not the values of flags", () => {
  const args = ["--sort", "hue", "pico-8", "--hex_dir", "mine", "--output", "o"];
  assertPermissions(
    permit("palettes", args, WITHOUT_RUNTIME),
    ["/project", "/home/mine", "/home/pico-8", "/home/o"],
    ["--allow-write=/home/o", TERMINAL],
  );
});

Deno.test("permissionsOf() lets pixelize read its images and write its output, without a GPU", () => {
  const args = ["a.png", "sprites", "--palette", "mine.gpl", "--outline", "/etc"];
  assertPermissions(
    permit("pixelize", args, WITHOUT_RUNTIME),
    ["/project", "/home/a.png", "/home/sprites", "/home/mine.gpl", "/home/workdir"],
    ["--allow-write=/home/workdir", TERMINAL],
  );
});

Deno.test("permissionsOf() lets craft read its picture and palette and write its output", () => {
  const args = ["beads", "run", "--palette", "mine.csv"];
  assertPermissions(
    permit("craft", args, WITHOUT_RUNTIME),
    ["/project", "/home/run", "/home/mine.csv", "/home/workdir"],
    ["--allow-write=/home/workdir", TERMINAL],
  );
});

Deno.test("permissionsOf() gives the network only for a URL that is named", () => {
  const args = ["--model", "https://example.org:8443/mini", "--set", "output=o"];
  assertPermissions(permit("generate", args), [...PROJECT, "/home/o"], [
    "--allow-write=/home/o",
    "--allow-net=example.org:8443",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() lets a resumed run write its own folder", () => {
  const args = ["--resume", "runs/a/checkpoint_50.safetensors"];
  assertPermissions(permit("generate", args), [...PROJECT, "/home/runs/a"], [
    "--allow-write=/home/runs/a",
    TERMINAL,
  ]);
});

Deno.test("permissionsOf() follows the config of a resumed run", () => {
  const settings = { "image": "cat.png", "diffusion.model_id": "m", "diffusion.vae_id": "./v" };
  const given = context({ configs: { "/home/runs/a/config.yaml": settings } });
  for (const resume of ["runs/a", "runs/a/checkpoint_50.safetensors"]) {
    const reads = readsOf(permit("generate", ["--resume", resume], given));
    for (const path of ["/home/cat.png", "/home/m", "/home/v"]) assert(reads.has(path), path);
  }
});

Deno.test("permissionsOf() lets random-teacher write its folder and read the project", () => {
  const args = ["--seed", "3", "sdxl", "--controlnet", "canny_mid", "big", "--debug"];
  const found = permit("random-teacher", args, WITHOUT_RUNTIME);
  assertPermissions(found, ["/project", "/home/big"], ["--allow-write=/home/big", TERMINAL]);
});

Deno.test("permissionsOf() lets verify read its folder, write nothing, and load native code if typed", () => {
  assertPermissions(permit("verify", ["../goldens"]), [...PROJECT, "/goldens"], [TERMINAL]);
  assert(permit("verify", ["--runtime", "native"]).includes("--allow-ffi"));
  assert(!permit("verify", ["--runtime=wasm", "--", "--runtime=native"]).includes("--allow-ffi"));
});
