import assert from "node:assert/strict";
import { chooseControlnets } from "../../../lib/distill/choose_controlnets.ts";
import { findTeacher, ignoresAutoencoder } from "../../../lib/distill/find_teacher.ts";
import { HubError } from "../../../lib/hub/hub_error.ts";
import type { HubModelOptions } from "../../../lib/hub/hub_model.ts";
import type { HubProgress } from "../../../lib/hub/progress.ts";
import { LORA_FILE } from "../../../lib/lora/lora_names.ts";
import { openLoras } from "../../../lib/lora/lora_file.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { FakeHub } from "../hub/fake_hub.ts";
import { tinyConfig } from "./tiny_run.ts";

const FOLDERS = ["scheduler", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet"];

/** Reads subfolders of the reference teacher; a single one is the root of its repository. */
async function filesOf(folders: readonly string[], isTeacher: boolean) {
  const files: Record<string, string | Uint8Array<ArrayBuffer>> = {};
  for (const folder of folders) {
    for await (const { name } of Deno.readDir(goldenPath(`tiny-sdxl/${folder}`))) {
      const path = goldenPath(`tiny-sdxl/${folder}/${name}`);
      files[isTeacher ? `${folder}/${name}` : name] = name.endsWith(".safetensors")
        ? await Deno.readFile(path)
        : await Deno.readTextFile(path);
    }
  }
  const parts = Object.fromEntries(folders.map((folder) => [folder, ["diffusers", folder]]));
  if (isTeacher) files["model_index.json"] = JSON.stringify(parts);
  return files;
}

async function loraBytes(name: string) {
  return await Deno.readFile(goldenPath(`lora_${name}.safetensors`));
}

async function lorasOf() {
  return {
    [LORA_FILE]: await loraBytes("diffusers"),
    "old/kohya.safetensors": await loraBytes("kohya"),
  };
}

/** Repositories of one Hub, one server each. */
async function openRepos(owned: AsyncDisposableStack, cache: string) {
  const contents = {
    "stabilityai/stable-diffusion-xl-base-1.0": await filesOf([...FOLDERS, "vae"], true),
    "madebyollin/sdxl-vae-fp16-fix": await filesOf(["vae_kl"], false),
    "diffusers/controlnet-canny-sdxl-1.0-mid": await filesOf(["controlnet_canny"], false),
    "owner/loras": { ...await lorasOf(), "README.md": "two" },
    "owner/pixel": { "README.md": "one", "pixel-art.safetensors": await loraBytes("kohya") },
    "owner/many": {
      "a.safetensors": await loraBytes("kohya"),
      "b.safetensors": await loraBytes("diffusers"),
    },
    "owner/unet": {
      "tiny.safetensors": await Deno.readFile(
        goldenPath("tiny-sdxl/unet/diffusion_pytorch_model.safetensors"),
      ),
    },
    "owner/my-canny": await filesOf(["controlnet_small"], false),
  };
  const repos = Object.entries(contents).map(([repo, files]) =>
    [repo, owned.use(new FakeHub(files, repo))] as const
  );
  const first = repos[0]![1];
  const route: typeof fetch = (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    const to = repos.find(([repo]) =>
      new URL(url).pathname.replace("/api/models", "").startsWith(`/${repo}/`)
    );
    return fetch(to ? url.replace(first.endpoint, to[1].endpoint) : url, init);
  };
  return first.options(cache, { fetch: route });
}

const SDXL = { modelId: "sdxl", vaeId: "vae-16-fix", loraPath: null, loraScale: 1 };
const CONTROLNET = {
  ...tinyConfig().controlnet,
  modelsId: ["canny_mid", "owner/my-canny"],
  controlnetConditioningScale: [1, 1],
};

Deno.test("findTeacher() takes teacher, autoencoder and ControlNets from repositories", async () => {
  await inTemporaryFolder(async (cache) => {
    await using owned = new AsyncDisposableStack();
    const options = await openRepos(owned, cache);
    const offline = async (hub: HubModelOptions) => {
      const teacher = await findTeacher(SDXL, { hub });
      const choices = await chooseControlnets(teacher, CONTROLNET, assert.fail);
      return { teacher, choices };
    };
    await assert.rejects(offline(options), (error) => {
      assert(error instanceof HubError);
      assert.match(error.message, /"sdxl" .*with: deno task generate --model sdxl --download$/);
      return true;
    });
    // Opening the teacher does not download the others.
    await findTeacher({ ...SDXL, vaeId: null }, { hub: { ...options, download: true } });
    await assert.rejects(
      offline(options),
      /"vae-16-fix" .*with: the same command with --download$/,
    );
    await findTeacher(SDXL, { hub: { ...options, download: true } });
    await assert.rejects(offline(options), /"canny_mid" .*with: the same command with --download$/);
    await offline({ ...options, download: true });
    const { teacher, choices } = await offline(options);
    assert.deepEqual([teacher.name, teacher.vae.className], ["sdxl", "AutoencoderKL"]);
    assert.deepEqual(choices.map(({ id }) => id), CONTROLNET.modelsId);
    const [mid, own] = await Promise.all(choices.map(({ id }) => teacher.controlnetLocation(id)));
    assert.match(mid!.folder.location, /models--diffusers--controlnet-canny-sdxl-1\.0-mid/);
    assert.match(own!.folder.location, /models--owner--my-canny/);
  });
});

Deno.test("findTeacher() refuses a model by its configs before its weights are downloaded", async () => {
  await inTemporaryFolder(async (cache) => {
    const files = await filesOf([...FOLDERS, "vae"], true);
    const config = JSON.parse(files["unet/config.json"] as string);
    files["unet/config.json"] = JSON.stringify({ ...config, in_channels: 9 });
    await using hub = new FakeHub(files, "owner/inpainting");
    const find = findTeacher({ ...SDXL, modelId: "owner/inpainting", vaeId: null }, {
      hub: { ...hub.options(cache), download: true },
    });
    await assert.rejects(find, /its UNet takes 9 channels instead of 4/);
    const paths = hub.seen.map(({ path }) => path);
    assert(paths.some((path) => path.endsWith("unet/config.json")));
    assert.deepEqual(paths.filter((path) => path.endsWith(".safetensors")), []);
  });
});

Deno.test("findTeacher() refuses a pipeline without a UNet by the list of its files", async () => {
  await inTemporaryFolder(async (cache) => {
    const files = { "model_index.json": "{}", "transformer/config.json": "{}" };
    await using hub = new FakeHub(files, "owner/flux");
    const find = findTeacher({ ...SDXL, modelId: "owner/flux", vaeId: null }, {
      hub: { ...hub.options(cache), download: true },
    });
    await assert.rejects(find, /got "transformer": it is a diffusion transformer, such as Flux/);
  });
});

Deno.test("findTeacher() refuses a ControlNet of another family before its download", async () => {
  await inTemporaryFolder(async (cache) => {
    await using hub = new FakeHub(await filesOf(["controlnet_canny"], false), "owner/my-canny");
    const modelId = goldenPath("tiny-sd15");
    const teacher = await findTeacher({ ...SDXL, modelId, vaeId: null }, {
      hub: { ...hub.options(cache), download: true },
    });
    const choose = { ...CONTROLNET, modelsId: ["owner/my-canny"] };
    await assert.rejects(
      chooseControlnets(teacher, choose, assert.fail),
      /"owner\/my-canny" is for another model family/,
    );
    assert.deepEqual(hub.seen.filter(({ path }) => path.endsWith(".safetensors")), []);
  });
});

Deno.test("findTeacher() refuses an autoencoder by its config before its download", async () => {
  await inTemporaryFolder(async (cache) => {
    const files = await filesOf(["vae_kl"], false);
    const config = JSON.parse(files["config.json"] as string);
    files["config.json"] = JSON.stringify({ ...config, act_fn: "relu" });
    await using hub = new FakeHub(files, "owner/vae");
    const options = { hub: { ...hub.options(cache), download: true } };
    await assert.rejects(
      findTeacher({ ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: "owner/vae" }, options),
      { name: "ModelConfigError", key: "act_fn" },
    );
    assert.deepEqual(hub.seen.filter(({ path }) => path.endsWith(".safetensors")), []);
  });
});

Deno.test("findTeacher() refuses SDXL's autoencoders for Stable Diffusion 1.5, by their names", async () => {
  const find = (vaeId: string) => findTeacher({ ...SDXL, modelId: goldenPath("tiny-sd15"), vaeId });
  for (const vaeId of ["taesdxl", "madebyollin/sdxl-vae-fp16-fix"]) {
    await assert.rejects(find(vaeId), {
      name: "TeacherFolderError",
      message: /is an autoencoder of SDXL, and the UNet takes latents of Stable Diffusion 1 and 2/,
    });
  }
  await assert.rejects(
    findTeacher({ ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: "taesd" }),
    /"taesd" is an autoencoder of Stable Diffusion 1 and 2/,
  );
});

Deno.test("findTeacher() refuses pickles by their names", async () => {
  const base = { ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: null };
  for (const part of [{ modelId: "a.ckpt" }, { vaeId: "a.pt" }, { loraPath: "./b,a.bin" }]) {
    await assert.rejects(findTeacher({ ...base, ...part }), {
      name: "ModelFolderError",
      message: /Cannot read "a\.\w+": it is a pickle, which can run code/,
    });
  }
});

Deno.test("findTeacher() takes LoRAs from repositories, each its file only", async () => {
  await inTemporaryFolder(async (cache) => {
    await using owned = new AsyncDisposableStack();
    const options = await openRepos(owned, cache);
    const find = (loraPath: string, download: boolean) => {
      const config = { ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: null, loraPath };
      return findTeacher(config, { hub: { ...options, download } });
    };
    const both = "owner/loras,owner/loras:old/kohya.safetensors";
    await find("owner/loras", true);
    await assert.rejects(find(both, false), /old\/kohya\.safetensors .*the same command with/);
    await assert.rejects(find("owner/loras:none.safetensors", true), {
      name: "HubError",
      message: /expected the file "none\.safetensors", got old\/kohya\.safetensors, /,
    });
    await find(both, true);
    const { loras } = await find(both, false);
    assert.deepEqual(loras.map(({ path }) => path), [LORA_FILE, "old/kohya.safetensors"]);
    using open = await openLoras(loras);
    for (const { lora } of open.loras) assert.deepEqual(lora.components, ["unet"]);
  });
});

Deno.test("findTeacher() takes a checkpoint in one file from a repository, with the base's tokenizers", async () => {
  await inTemporaryFolder(async (cache) => {
    await using owned = new AsyncDisposableStack();
    const options = await openRepos(owned, cache);
    const find = (modelId: string, download: boolean) =>
      findTeacher({ ...SDXL, modelId, vaeId: null }, { hub: { ...options, download } });
    await assert.rejects(find("owner/unet", true), /named as "owner\/unet:tiny\.safetensors"/);
    const id = "owner/unet:tiny.safetensors";
    await assert.rejects(find(id, false), /"owner\/unet": .*--download$/);
    // Its file and the other networks are downloaded; only its widths are those of no real model.
    await assert.rejects(find(id, true), /do not tell attention_head_dim and norm_num_groups/);
    await assert.rejects(find(id, false), /do not tell attention_head_dim and norm_num_groups/);
  });
});

Deno.test("findTeacher() takes the only LoRA of a repository or folder, and lists several", async () => {
  await inTemporaryFolder(async (cache) => {
    await using owned = new AsyncDisposableStack();
    const options = await openRepos(owned, cache);
    const find = async (loraPath: string, download: boolean) => {
      const config = { ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: null, loraPath };
      return (await findTeacher(config, { hub: { ...options, download } })).loras[0]!.path;
    };
    assert.equal(await find("owner/pixel", true), "pixel-art.safetensors");
    assert.equal(await find("owner/pixel", false), "pixel-art.safetensors");
    await assert.rejects(find("owner/many", true), {
      name: "HubError",
      message:
        /it has 2 files, "a\.safetensors", "b\.safetensors"; name one of them, such as "owner\/many:a\.safetensors"/,
    });
    const folder = `${cache}/loras`;
    await Deno.mkdir(folder);
    await Deno.writeFile(`${folder}/one.safetensors`, await loraBytes("kohya"));
    assert.equal(await find(folder, false), "one.safetensors");
    await Deno.writeFile(`${folder}/two.safetensors`, await loraBytes("kohya"));
    await assert.rejects(
      find(folder, false),
      /it has 2 files, "one.safetensors", "two.safetensors"/,
    );
  });
});

Deno.test("findTeacher() asks no Hub for a folder and its ControlNets", async () => {
  const hub: HubModelOptions = { fetch: () => assert.fail(), download: true };
  const config = { ...SDXL, modelId: goldenPath("tiny-sdxl"), vaeId: null };
  const teacher = await findTeacher(config, { hub });
  assert.equal(await teacher.hasControlnet("canny_mid"), true);
  assert.equal(await teacher.hasControlnet("pose"), false);
  assert.equal(ignoresAutoencoder({ modelId: "mini", vaeId: "taesdxl" }), true);
  assert.equal(ignoresAutoencoder({ modelId: "mini", vaeId: "./taesdxl" }), false);
  assert.equal(ignoresAutoencoder({ modelId: "sdxl", vaeId: "taesdxl" }), false);
});

Deno.test("a canceled download ends the search with the reason, and resumes later", async () => {
  await inTemporaryFolder(async (cache) => {
    await using owned = new AsyncDisposableStack();
    const options = await openRepos(owned, cache);
    const stop = new AbortController();
    const reason = new Error("stopped");
    const hub = {
      ...options,
      download: true,
      signal: stop.signal,
      onProgress: ({ filesDone }: HubProgress) => filesDone >= 3 ? stop.abort(reason) : undefined,
    };
    const config = { ...SDXL, vaeId: null };
    await assert.rejects(findTeacher(config, { hub }), (error) => error === reason);
    await assert.rejects(findTeacher(config, { hub: options }), { name: "HubError" });
    await findTeacher(config, { hub: { ...options, download: true } });
    await findTeacher(config, { hub: options });
  });
});
