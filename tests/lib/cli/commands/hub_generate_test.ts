import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findHubLocations } from "../../../../lib/cli/flags/hub_permissions.ts";
import { parseCommandLine } from "../../../../lib/cli/flags/parse_command_line.ts";
import { permissionsOf } from "../../../../lib/launcher/permissions.ts";
import type { RunEvent } from "../../../../lib/report/run_event.ts";
import { runtimeFile } from "../../../../lib/onnx/runtime/runtime_file.ts";
import { FakeHub } from "../../hub/fake_hub.ts";
import { goldenPath } from "../../../support/goldens.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url)).replace(/\/$/, "");
const PARTS = ["text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet", "vae"];

/** Reads the teacher of the reference tensors as the Hub has models: with an index. */
async function tinyFiles(): Promise<Record<string, string | Uint8Array<ArrayBuffer>>> {
  const files: Record<string, string | Uint8Array<ArrayBuffer>> = {
    "model_index.json": JSON.stringify({
      _class_name: "StableDiffusionXLPipeline",
      ...Object.fromEntries([...PARTS, "scheduler"].map((part) => [part, ["diffusers", part]])),
    }),
  };
  for (const part of [...PARTS, "scheduler"]) {
    for await (const { name } of Deno.readDir(goldenPath(`tiny-sdxl/${part}`))) {
      const path = goldenPath(`tiny-sdxl/${part}/${name}`);
      files[`${part}/${name}`] = name.endsWith(".safetensors")
        ? await Deno.readFile(path)
        : await Deno.readTextFile(path);
    }
  }
  return files;
}

/** Runs `generate` as the launcher does, with the permissions that it gives. */
async function generate(args: readonly string[], env: Readonly<Record<string, string>>) {
  const files = (["wasm", "webgpu"] as const).map(runtimeFile).filter((file) => file !== undefined);
  const permissions = permissionsOf(parseCommandLine(["generate", ...args])!, {
    root: ROOT,
    cwd: ROOT,
    runtimeFiles: files,
    readConfig: () => undefined,
    isFile: () => false,
    findHub: () => findHubLocations((name) => env[name]),
  });
  const command = ["run", "--config", `${ROOT}/deno.json`, "--no-check", "--no-prompt"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...command, ...permissions, `${ROOT}/cli.ts`, "generate", ...args],
    cwd: ROOT,
    env: { ...env, XDG_RUNTIME_DIR: "/tmp" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  const errors = new TextDecoder().decode(stderr);
  return { code, text, errors, permissions };
}

Deno.test("generate downloads a model of the Hub if it may, and then makes do without", async () => {
  await inTemporaryFolder(async (folder) => {
    const env = { HF_HOME: `${folder}/hf`, HF_ENDPOINT: "http://localhost:1" };
    const args = [
      ...["--prompt", "a castle", "--model", "owner/tiny", "--size", "8,8", "--steps", "1"],
      ...["--set", "sd.im_size=32", "--set", "diffusion.num_inference_steps=1"],
      ...["--runtime", "wasm", "--output", `${folder}/out`, "--json"],
    ];
    const before = await generate(args, env);
    assert.equal(before.code, 1);
    assert.match(
      before.text,
      /Cannot open the model \\"owner\/tiny\\": .* with: deno task generate --model owner\/tiny --download/,
    );
    await using hub = new FakeHub(await tinyFiles(), "owner/tiny");
    const online = await generate([...args, "--download"], { ...env, HF_ENDPOINT: hub.endpoint });
    assert.equal(online.code, 0, online.text + online.errors);
    const events: RunEvent[] = online.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    const downloads = events.filter(({ event }) => event === "download");
    const last = downloads.at(-1);
    assert(last?.event === "download" && last.bytesDone === last.bytesTotal);
    assert.equal(last.repo, "owner/tiny");
    const asked = hub.seen.length;
    assert(asked > PARTS.length);
    const offline = await generate(args, env);
    assert.equal(offline.code, 0, offline.text + offline.errors);
    assert(!offline.text.includes('"event":"download"'));
    assert(!offline.permissions.some((flag) => /^--allow-(net|sys)/.test(flag)));
    assert.equal(hub.seen.length, asked);
    const anew = await generate([...args, "--force-download"], {
      ...env,
      HF_ENDPOINT: hub.endpoint,
    });
    assert.equal(anew.code, 0, anew.text + anew.errors);
    assert(anew.text.includes('"event":"download"'));
    const once = hub.seen.length - asked;
    assert(once > PARTS.length);
    // Several pictures, an empty cache, and no other flag.
    const several = await generate([...args, "--prompt", "a dog", "--force-download"], {
      ...env,
      HF_HOME: `${folder}/other`,
      HF_ENDPOINT: hub.endpoint,
    });
    assert.equal(several.code, 0, several.text + several.errors);
    assert.equal(hub.seen.length - asked - once, once);
  });
});
