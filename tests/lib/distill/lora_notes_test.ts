import assert from "node:assert/strict";
import { join } from "node:path";
import { createRun } from "../../../lib/distill/create_run.ts";
import { fileSource } from "../../../lib/weights/file_source.ts";
import { readSafetensorsHeader } from "../../../lib/weights/safetensors.ts";
import { goldenPath } from "../../support/goldens.ts";
import { inTemporaryFolder } from "../../support/temporary_folder.ts";
import { type RawTensor, writeTensors } from "../weights/write_raw.ts";
import { tinyConfig } from "./tiny_run.ts";

Deno.test("a run notes the textual inversions of a LoRA, which are left out", async () => {
  await inTemporaryFolder(async (folder) => {
    const source = fileSource(goldenPath("lora_kohya.safetensors"));
    const tensors: Record<string, RawTensor> = {};
    for (
      const [key, { dtype, shape, offset, byteLength }] of readSafetensorsHeader(source).tensors
    ) {
      tensors[key] = { dtype, shape, bytes: source.read(offset, byteLength) };
    }
    source.close();
    tensors["bundle_emb.glow.clip_l"] = { dtype: "F32", shape: [1, 1], bytes: new Uint8Array(4) };
    const loraPath = join(folder, "style.safetensors");
    await Deno.writeFile(loraPath, writeTensors(tensors));
    const notes: string[] = [];
    const config = tinyConfig({ diffusion: { loraPath } });
    await using _ = await createRun(config, { onNote: (note) => notes.push(note) });
    assert.match(notes.join("\n"), /style\.safetensors" holds textual inversions.*: glow$/m);
  });
});
