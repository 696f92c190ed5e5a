import assert from "node:assert/strict";
import { LoraFile } from "../../../lib/lora/lora_file.ts";
import { mergeLoras } from "../../../lib/lora/lora_merge.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";
// Its "about" says how it was made.
import GOLDENS from "../../fixtures/lycoris.json" with { type: "json" };

const MODULE = "mid_block.resnets.0.conv1";
const KEY = `${MODULE}.weight`;

function tensorOf({ shape, data }: { shape: number[]; data: number[] }): TensorToWrite {
  return { shape, data: Float32Array.from(data) };
}

/** Opens a LoRA with the tensors of one module. */
function openLora(tensors: Readonly<Record<string, TensorToWrite>>, prefix: string): LoraFile {
  const name = prefix + MODULE.replaceAll(".", "_");
  const named = Object.entries(tensors).map(([end, tensor]) => [`${name}.${end}`, tensor]);
  return LoraFile.fromSource(memorySource(writeSafetensors(Object.fromEntries(named)), "lora"));
}

for (const { name, scale, weight, tensors, merged } of GOLDENS.cases) {
  Deno.test(`${name} at strength ${scale} equals LyCORIS`, () => {
    const parts = Object.fromEntries(
      Object.entries(tensors).map(([end, tensor]) => [end, tensorOf(tensor)]),
    );
    const prefixes = name.startsWith("oft") ? ["lora_unet_", "oft_unet_"] : ["lora_unet_"];
    for (const prefix of [...prefixes, "lycoris_"]) {
      const file = writeSafetensors({ [KEY]: tensorOf(weight) });
      using weights = StateDict.fromSources([memorySource(file, "unet")]);
      using lora = openLora(parts, prefix);
      const entry = mergeLoras(weights, "unet", [{ lora, scale }]).get(KEY);
      const read = (start?: number, count?: number) =>
        new Float32Array(entry.read("float32", start, count).slice().buffer);
      assertAllClose(read(), merged.data, { atol: 2e-6, rtol: 1e-5 });
      assertAllClose(read(7, 13), merged.data.slice(7, 20), { atol: 2e-6, rtol: 1e-5 });
    }
  });
}

Deno.test("rotations and products of another size are refused", () => {
  for (const { name, weight, tensors } of GOLDENS.cases) {
    const [outputs, ...inputs] = weight.shape as [number, ...number[]];
    const other = {
      shape: [outputs + 1, inputs[0]! + 1, ...inputs.slice(1)],
      data: [] as number[],
    };
    other.data = new Array<number>(other.shape.reduce((a, b) => a * b)).fill(1);
    using weights = StateDict.fromSources([
      memorySource(writeSafetensors({ [KEY]: tensorOf(other) }), "unet"),
    ]);
    const parts = Object.entries(tensors).map(([end, tensor]) => [end, tensorOf(tensor)]);
    using lora = openLora(Object.fromEntries(parts), "lora_unet_");
    assert.throws(
      () => mergeLoras(weights, "unet", [{ lora, scale: 1 }]),
      /expected factors of "mid_block\.resnets\.0\.conv1\.weight"/,
      name,
    );
  }
});
