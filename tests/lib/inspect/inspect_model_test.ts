import assert from "node:assert/strict";
import { join } from "node:path";
import { inspectModel } from "../../../lib/inspect/inspect_model.ts";
import { copyGolden, copyTinyTeacher } from "../../support/copy_goldens.ts";
import { goldenPath } from "../../support/goldens.ts";
import { readKeyList, sparseHeader, writeSparse } from "../../support/sparse_weights.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { FakeHub } from "../hub/fake_hub.ts";

Deno.test("inspectModel() accounts for every tensor of the built-in teacher, and plans its memory", async () => {
  const report = await inspectModel("mini");
  assert.equal(report.isUsable, true, report.use);
  assert.equal(report.tensors.used, report.tensors.total);
  const networks = ["unet", "text_encoder", "text_encoder_2", "vae"];
  assert.deepEqual(report.parts.map(({ name }) => name).slice(0, 4), networks);
  assert(report.memory!.peakBytes > 0);
});

Deno.test("inspectModel() recognizes networks alone in a folder", async () => {
  const kl = await inspectModel(goldenPath("tiny-sdxl/vae_kl"));
  assert.deepEqual([kl.kind, kl.isUsable, kl.tensors.unknown], ["autoencoder", true, []]);
  const control = await inspectModel(goldenPath("tiny-sdxl/controlnet_canny"));
  assert.deepEqual([control.kind, control.isUsable], ["ControlNet", true]);
  const text = await inspectModel(goldenPath("tiny-sdxl/text_encoder"));
  assert.deepEqual([text.kind, text.isUsable], ["text encoder", false]);
});

Deno.test("inspectModel() takes a CLIP with a tokenizer, and none without", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const part of ["tiny-clip", "tiny-sdxl/tokenizer"]) await copyGolden(part, folder);
    const clip = await inspectModel(folder);
    assert.deepEqual([clip.isUsable, clip.tensors.used], [true, clip.tensors.total]);
    assert.match(clip.use, /--set diffusion\.clip_id=/);
  });
  // That of a teacher uses the teacher's tokenizer.
  const own = await inspectModel("assets/models/mini/clip");
  assert.deepEqual([own.isUsable, own.tensors.used], [false, own.tensors.total]);
  assert.match(own.use, /no tokenizer: it ranks samples only as the folder "clip" of a teacher/);
});

Deno.test("inspectModel() lists the CLIP of a teacher that its index names", async () => {
  await inTemporaryFolder(async (folder) => {
    await copyTinyTeacher(folder);
    await copyGolden("tiny-clip", join(folder, "clip"));
    const namesOf = async (index: unknown) => {
      await Deno.writeTextFile(join(folder, "model_index.json"), JSON.stringify(index));
      const { isUsable, use, parts, tensors } = await inspectModel(folder);
      assert(isUsable, use);
      assert.equal(tensors.used, tensors.total);
      return parts.map(({ name }) => name);
    };
    const networks = ["unet", "text_encoder", "text_encoder_2", "vae"];
    assert.deepEqual(await namesOf({ clip: ["transformers", "CLIPModel"] }), [...networks, "clip"]);
    assert.deepEqual(await namesOf({}), networks);
  });
});

Deno.test("inspectModel() takes the only file of a folder, and lists several", async () => {
  await inTemporaryFolder(async (folder) => {
    const keys = await readKeyList("lora_kohya");
    await writeSparse(folder, keys, { name: "style.safetensors" });
    const report = await inspectModel(folder);
    assert.equal(report.family, "LoRA for SDXL");
    await writeSparse(folder, keys, { name: "other.safetensors" });
    await assert.rejects(
      inspectModel(folder),
      /it has 2 files, "other.safetensors", "style.safetensors"; name one of them/,
    );
  });
});

Deno.test("inspectModel() takes a file with configs beside it for a file", async () => {
  await inTemporaryFolder(async (folder) => {
    await writeSparse(folder, await readKeyList("sdxl_base_single_file"));
    await Deno.mkdir(join(folder, "unet"));
    await Deno.writeTextFile(join(folder, "unet", "config.json"), "{}");
    const report = await inspectModel(folder);
    assert.deepEqual([report.family, report.isUsable], ["SDXL base", true]);
  });
});

Deno.test("inspectModel() notes whose latents an autoencoder makes", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = goldenPath("tiny-sdxl/vae_kl");
    for (const { name } of Deno.readDirSync(path)) {
      await Deno.copyFile(join(path, name), join(folder, name));
    }
    assert.match((await inspectModel(folder)).notes.join(), /0\.13025, which is that of SDXL$/);
    const config = JSON.parse(await Deno.readTextFile(join(path, "config.json")));
    await Deno.writeTextFile(
      join(folder, "config.json"),
      JSON.stringify({ ...config, scaling_factor: 0.18215 }),
    );
    assert.match(
      (await inspectModel(folder)).notes.join(),
      /0\.18215, .* of Stable Diffusion 1 and 2/,
    );
  });
});

Deno.test("inspectModel() says what a file is that is no safetensors file", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    await Deno.writeTextFile(path, "version https://git-lfs.github.com/spec/v1\noid sha256:1\n");
    await assert.rejects(inspectModel(path), /it is a Git LFS pointer/);
    // The first bytes of GGUF, and of an older pickle of PyTorch.
    const starts = {
      "a GGUF file": "GGUF\x03\0\0\0\0\0",
      "a pickle": "\x80\x02\x8a\nl\xfc\x9cF\xf9 j",
    };
    for (const [name, start] of Object.entries(starts)) {
      await Deno.writeFile(path, Uint8Array.from(start, (sign) => sign.charCodeAt(0)));
      await assert.rejects(inspectModel(path), new RegExp(`it is ${name}`));
    }
    // By the name alone.
    for (const name of ["a.ckpt", "a.pt", "a.bin", "owner/name:a.pth"]) {
      await assert.rejects(inspectModel(name), /it is a pickle, which can run code/);
    }
    await assert.rejects(inspectModel("flux-Q4_K.gguf"), /it is a GGUF file/);
  });
});

Deno.test("inspectModel() reads only headers from the Hub, and keeps nothing", async () => {
  await inTemporaryFolder(async (cache) => {
    const { head, dataLength } = sparseHeader(await readKeyList("lora_kohya"));
    const file = new Uint8Array(head.length + dataLength);
    file.set(head);
    await using hub = new FakeHub({ "README.md": "A LoRA.", "pixel-art.safetensors": file });
    const report = await inspectModel("a/b", { hub: hub.options(cache) });
    assert.equal(report.family, "LoRA for SDXL");
    assert.equal(report.isUsable, true, report.use);
    const requests = hub.contentRequests("pixel-art.safetensors");
    assert.deepEqual(requests.map(({ range }) => range), ["bytes=0-524287"]);
    assert.deepEqual([...Deno.readDirSync(cache)], []);
    const named = await inspectModel("a/b:pixel-art.safetensors", { hub: hub.options(cache) });
    assert.equal(named.lora!.modules["unet"], 788);
  });
});

/** Serves a sparse file of the published SDXL's keys, with or without ranges. */
function serveSdxl(head: Uint8Array<ArrayBuffer>, dataLength: number, hasRanges: boolean) {
  const ranges: (string | null)[] = [];
  const total = head.length + dataLength;
  const server = Deno.serve({ port: 0, hostname: "localhost", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/models/pony.safetensors") return new Response(null, { status: 404 });
    const range = request.headers.get("range");
    ranges.push(range);
    const [, end] = /^bytes=0-(\d+)$/.exec(range ?? "") ?? [];
    if (hasRanges && end !== undefined) {
      const bytes = new Uint8Array(Number(end) + 1);
      bytes.set(head.subarray(0, bytes.length));
      const headers = { "content-range": `bytes 0-${end}/${total}` };
      return new Response(bytes, { status: 206, headers });
    }
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(head),
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    return new Response(body, { headers: { "content-length": String(total) } });
  });
  return { server, ranges, url: `http://localhost:${server.addr.port}/models/pony.safetensors` };
}

for (const hasRanges of [true, false]) {
  Deno.test(`inspectModel() reads only the header of a file on a server, ranges: ${hasRanges}`, async () => {
    const { head, dataLength } = sparseHeader(await readKeyList("sdxl_base_single_file"));
    const { server, ranges, url } = serveSdxl(head, dataLength, hasRanges);
    await using _server = server;
    const report = await inspectModel(`${url}?token=1`);
    assert.equal(report.family, "SDXL base");
    assert.equal(report.isUsable, true, report.use);
    assert.deepEqual(new Set(ranges), new Set(["bytes=0-524287"]));
    await assert.rejects(
      inspectModel(url.replace("pony", "none")),
      /none\.safetensors": there is no such file \(status 404\)/,
    );
  });
}

Deno.test("inspectModel() reads a long header from the Hub in two ranges, and a whole pipeline", async () => {
  await inTemporaryFolder(async (cache) => {
    const keys = (await readKeyList("sdxl_base_single_file"))
      .map((line) => line.replace(/ \[.*/, `${"x".repeat(200)} [1]`));
    const { head, dataLength } = sparseHeader(keys);
    const file = new Uint8Array(head.length + dataLength);
    file.set(head);
    await using hub = new FakeHub({ "long.safetensors": file });
    const report = await inspectModel("a/b", { hub: hub.options(cache) });
    assert.equal(report.tensors.total, keys.length);
    assert.deepEqual(hub.contentRequests("long.safetensors").map(({ range }) => range), [
      "bytes=0-524287",
      `bytes=0-${head.length - 1}`,
    ]);
    assert.equal(report.isUsable, false);
  });
  await inTemporaryFolder(async (cache) => {
    const files: Record<string, string | Uint8Array<ArrayBuffer>> = { "model_index.json": "{}" };
    for (const part of ["unet", "text_encoder", "text_encoder_2", "vae", "scheduler"]) {
      for (const { name } of Deno.readDirSync(goldenPath(`tiny-sdxl/${part}`))) {
        const path = goldenPath(`tiny-sdxl/${part}/${name}`);
        files[`${part}/${name}`] = name.endsWith(".json")
          ? await Deno.readTextFile(path)
          : await Deno.readFile(path);
      }
    }
    for (const part of ["tokenizer", "tokenizer_2"]) {
      for (const name of ["vocab.json", "merges.txt"]) files[`${part}/${name}`] = "{}";
    }
    await using hub = new FakeHub(files);
    const { isUsable, use, tensors } = await inspectModel("a/b", { hub: hub.options(cache) });
    assert.equal(isUsable, true, use);
    assert.equal(tensors.used, 875);
  });
});
