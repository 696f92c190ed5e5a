import assert from "node:assert/strict";
import { encodeCheckpoint, type RunCheckpoint } from "../../../../lib/run/checkpoint.ts";
import { decodeImage } from "../../../../lib/image/formats/decode_image.ts";
import type { FlagsOf } from "../../../../lib/cli/flags/flag_table.ts";
import { layersCommand } from "../../../../lib/cli/commands/layers.ts";
import { createTerminal } from "../../../../lib/report/terminal.ts";
import { findPalette } from "../../../../lib/palette/formats/find_palette.ts";
import { inTemporaryFolder } from "../../../support/temporary_folder.ts";

/** A checkpoint of 8 x 10 pixels in four colors, whose pixel i likes color i % 4 best. */
async function checkpointOf(step: number): Promise<Uint8Array> {
  const palette = await findPalette("game-boy");
  const logits = Float32Array.from(
    { length: 8 * 10 * 4 },
    (_, i) => (i >> 2) % 4 === i % 4 ? 2 : 0,
  );
  const moment1 = new Float32Array(logits.length);
  const checkpoint: RunCheckpoint = {
    name: "made",
    step,
    editSteps: 0,
    edit: undefined,
    optimizerStep: step,
    teacherCalls: step,
    seed: 0,
    height: 8,
    width: 10,
    palette,
    logits,
    moment1,
    moment2: moment1,
  };
  return encodeCheckpoint(checkpoint);
}

async function layers(source: string, flags: FlagsOf<"layers"> = {}): Promise<string> {
  let text = "";
  const out = createTerminal({ print: (part) => void (text += part) });
  await layersCommand(source, flags, { out });
  return text;
}

async function colorsOf(path: string): Promise<string[]> {
  const { data } = await decodeImage(await Deno.readFile(path));
  const colors = Array.from({ length: data.length / 4 }, (_, i) => data.subarray(i * 4, i * 4 + 3));
  return [...new Set(colors.map((color) => color.toHex()))].sort();
}

Deno.test("layers takes a run's folder or a checkpoint, and obeys --output", () =>
  inTemporaryFolder(async (root) => {
    await Deno.writeFile(`${root}/checkpoint_5.safetensors`, await checkpointOf(5));
    await Deno.writeFile(`${root}/checkpoint_50.safetensors`, await checkpointOf(50));
    const text = await layers(root);
    assert.match(text, /checkpoint_50\.safetensors, step 50: 8 x 10 pixels \(height x width\)\n/);
    assert.match(text, /layers: layer_0\.png to layer_3\.png\n$/);
    const names = Array.from(Deno.readDirSync(`${root}/layers`), ({ name }) => name).sort();
    assert.deepEqual(names, [
      "argmax.png",
      "contact_sheet.png",
      ...["layer_0.png", "layer_1.png", "layer_2.png", "layer_3.png"],
      "softmax.png",
    ]);
    const output = `${root}/elsewhere`;
    await layers(`${root}/checkpoint_5.safetensors`, { output, factor: "3" });
    const { height, width } = await decodeImage(await Deno.readFile(`${output}/argmax.png`));
    assert.deepEqual([height, width], [24, 30]);
  }));

Deno.test("layers swaps a palette of the same size by index, else takes the nearest colors", () =>
  inTemporaryFolder(async (root) => {
    const source = `${root}/checkpoint_5.safetensors`;
    await Deno.writeFile(source, await checkpointOf(5));
    const swapped = await layers(source, { palette: "slowly" });
    assert.match(swapped, /^The 4 colors of "slowly" replace those of "game-boy" one by one\n/);
    assert.deepEqual(await colorsOf(`${root}/layers/argmax.png`), [
      "081d3c",
      "b8bcc5",
      "ffc400",
      "ffffff",
    ]);
    const palette = `${root}/two.hex`;
    await Deno.writeTextFile(palette, "0f380f\n9bbc0f\n");
    const nearest = await layers(source, { palette, output: `${root}/two` });
    assert.match(
      nearest,
      /^"two" has 2 colors, not 4: each color of "game-boy" becomes the nearest one of it \(2 of/,
    );
    assert.deepEqual(await colorsOf(`${root}/two/argmax.png`), ["0f380f", "9bbc0f"]);
    assert.match(nearest, /two: layer_0\.png to layer_1\.png\n$/);
  }));

Deno.test("layers says what it cannot do", () =>
  inTemporaryFolder(async (root) => {
    const source = `${root}/my.safetensors`;
    await Deno.writeFile(source, await checkpointOf(5));
    const text = await layers(source, { height: "8", width: "64" });
    assert.match(text, /^note: "--width" has no effect: the checkpoint says 10, not 64\n/);
    assert(!text.includes("--height"));
    const cases: [string, FlagsOf<"layers">, RegExp][] = [
      [root, {}, /^Cannot read layers of ".*": there is no checkpoint_<step>\.safetensors in it$/],
      [`${root}/no.safetensors`, {}, /^Cannot read ".*no\.safetensors": there is no such file/],
      [`${root}/model_checkpoint.pth`, {}, /got a checkpoint of PyTorch$/],
      [source, { factor: "0" }, /expected an integer in \[1, 819\] for --factor, got "0"$/],
      [source, { palette: "game_boi" }, /Cannot find palette "game_boi".*"game-boy"/],
    ];
    for (const [path, flags, message] of cases) {
      await assert.rejects(layers(path, flags), { message });
    }
  }));
