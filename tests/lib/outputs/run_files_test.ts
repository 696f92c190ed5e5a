import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { decodeImage } from "../../../lib/image/formats/decode_image.ts";
import { readPngChunks } from "../../../lib/image/png_chunks.ts";
import {
  findCheckpoint,
  listCheckpoints,
  writeCheckpoint,
} from "../../../lib/outputs/checkpoint_file.ts";
import { writeFinalImages } from "../../../lib/outputs/final_images.ts";
import { MetricsLog } from "../../../lib/outputs/metrics_log.ts";
import { OutputError } from "../../../lib/files/output_error.ts";
import { latticePalette } from "../../../lib/palette/lattice.ts";
import { parseHex } from "../../../lib/palette/formats/hex.ts";
import { decodeCheckpoint } from "../../../lib/run/decode_checkpoint.ts";
import { fakeCheckpoint } from "../run/fake_checkpoint.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";

const SIZE = { height: 2, width: 3 };

Deno.test("writeFinalImages() writes an indexed picture, its enlargement and the mixture", async () => {
  await inTemporaryFolder(async (folder) => {
    const palette = parseHex("ff0000\n00ff00\n0000ff\nff0000", "four");
    const indices = Uint32Array.of(0, 1, 2, 3, 2, 1);
    const softmax = Float32Array.from({ length: 18 }, (_, i) => i / 18);
    const result = { ...SIZE, palette, indices, softmax };
    const files = await writeFinalImages(folder, result, { factor: 4 });
    assert.deepEqual(files.notes, []);
    assert.equal(basename(files.enlarged!), "final_argmax_x4.png");
    for (const [path, factor] of [[files.argmax, 1], [files.enlarged!, 4]] as const) {
      const bytes = await Deno.readFile(path);
      const chunks = new Map([...readPngChunks(bytes)].map(({ type, data }) => [type, data]));
      assert.deepEqual([...chunks.get("PLTE")!], [...palette.colors], "order and duplicates stay");
      const image = await decodeImage(bytes);
      assert.deepEqual([image.height, image.width], [2 * factor, 3 * factor]);
      const corner = (image.height * image.width - 1) * 4;
      assert.deepEqual([...image.data.subarray(corner, corner + 3)], [0, 255, 0]);
    }
    const mixture = await decodeImage(await Deno.readFile(files.softmax));
    assert.deepEqual([...mixture.data.subarray(4, 7)], [43, 57, 71]);
    const plain = await writeFinalImages(folder, result, { factor: 1 });
    assert.equal(plain.enlarged, undefined);
    const byDefault = await writeFinalImages(folder, result);
    assert.equal(basename(byDefault.enlarged!), "final_argmax_x171.png");
    assert.equal(byDefault.tiles, undefined);
    const tiled = await writeFinalImages(folder, result, { tile: "x" });
    assert.equal(basename(tiled.tiles!), "final_tiles.png");
    const copies = await decodeImage(await Deno.readFile(tiled.tiles!));
    assert.deepEqual([copies.height, copies.width], [2 * 85, 6 * 85]);
  });
});

Deno.test("writeFinalImages() notes that more than 256 colors need true color", async () => {
  await inTemporaryFolder(async (folder) => {
    const palette = latticePalette(7);
    const indices = Uint32Array.of(0, 100, 200, 300, 342, 5);
    const softmax = new Float32Array(18);
    const files = await writeFinalImages(folder, { ...SIZE, palette, indices, softmax }, {
      factor: 2,
    });
    assert.match(files.notes[0]!, /holds 256 colors and "7_7_7_lattice" has 343/);
    const image = await decodeImage(await Deno.readFile(files.enlarged!));
    assert.deepEqual([...image.data.subarray(8, 11)], [...palette.at(100)]);
  });
});

Deno.test("MetricsLog appends lines, and drops those after the step that a run resumes from", async () => {
  await inTemporaryFolder(async (folder) => {
    {
      using log = await MetricsLog.open(folder);
      for (let step = 1; step <= 4; step++) {
        await log.append({ step, loss: step / 8, image: new Float32Array(3), draw: () => 1 });
      }
      await Deno.writeTextFile(log.path, '{"step":5,"lo', { append: true });
    }
    {
      using log = await MetricsLog.open(folder, 2);
      await log.append({ step: 3, loss: NaN });
    }
    const lines = (await Deno.readTextFile(join(folder, "metrics.jsonl"))).split("\n");
    assert.deepEqual(lines, [
      '{"step":1,"loss":0.125}',
      '{"step":2,"loss":0.25}',
      '{"step":3,"loss":null}',
      "",
    ]);
    using _log = await MetricsLog.open(folder);
    assert.equal(await Deno.readTextFile(join(folder, "metrics.jsonl")), "");
  });
});

Deno.test("MetricsLog renames the teacher calls in the kept lines of earlier runs", async () => {
  await inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(join(folder, "metrics.jsonl"), '{"step":1,"evaluations":3}\n');
    {
      using _log = await MetricsLog.open(folder, 1);
    }
    const text = await Deno.readTextFile(join(folder, "metrics.jsonl"));
    assert.equal(text, '{"step":1,"teacherCalls":3}\n');
  });
});

Deno.test("checkpoints are listed by step and the latest one is found", async () => {
  await inTemporaryFolder(async (folder) => {
    await assert.rejects(findCheckpoint(folder), OutputError);
    const palette = parseHex("000000\nffffff", "two");
    const part = { height: 1, width: 2, palette, seed: 5 };
    for (const step of [100, 20, 3]) {
      await writeCheckpoint(folder, fakeCheckpoint({ ...part, step }));
    }
    await Deno.writeTextFile(join(folder, "checkpoint_9.safetensors.abc.tmp"), "");
    assert.deepEqual((await listCheckpoints(folder)).map(({ step }) => step), [3, 20, 100]);
    const latest = await findCheckpoint(folder);
    assert.equal(basename(latest.path), "checkpoint_100.safetensors");
    const { step, seed } = decodeCheckpoint(await Deno.readFile(latest.path), latest.path);
    assert.deepEqual([step, seed], [100, 5]);
    const named = await findCheckpoint(join(folder, "checkpoint_20.safetensors"));
    assert.equal(named.step, 20);
    await assert.rejects(findCheckpoint(join(folder, "none")), /there is no such file or folder/);
  });
});
