import assert from "node:assert/strict";
import { LoraFile } from "../../../lib/lora/lora_file.ts";
import { mergeLoras, missingModules } from "../../../lib/lora/lora_merge.ts";
import { memorySource } from "../../../lib/weights/byte_source.ts";
import { type TensorToWrite, writeSafetensors } from "../../../lib/weights/safetensors_writer.ts";
import { StateDict } from "../../../lib/weights/state_dict.ts";
import { assertAllClose } from "../../support/assert_all_close.ts";

const HERE = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q";
const GONE = ["1", "2", "3"].map((block) =>
  `down_blocks.1.attentions.0.transformer_blocks.${block}.attn1.to_q`
);

function tensor(shape: readonly [number, number], seed: number): TensorToWrite {
  const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i + seed));
  return { shape, data };
}

const [WEIGHT, DOWN, UP] = [tensor([3, 4], 1), tensor([1, 4], 2), tensor([3, 1], 3)];

function openUnet(): StateDict {
  const file = writeSafetensors({ [`${HERE}.weight`]: WEIGHT });
  return StateDict.fromSources([memorySource(file, "unet")]);
}

function openLora(tensors: Readonly<Record<string, TensorToWrite>>): LoraFile {
  return LoraFile.fromSource(memorySource(writeSafetensors(tensors), "lora"));
}

/** Names the factors of modules. */
function factors(modules: readonly string[], prefix = "unet."): Record<string, TensorToWrite> {
  return Object.fromEntries(modules.flatMap((module) => [
    [`${prefix}${module}.lora_A.weight`, DOWN],
    [`${prefix}${module}.lora_B.weight`, UP],
  ]));
}

function kohyaFactors(module: string, prefix: string, up = UP): Record<string, TensorToWrite> {
  const name = prefix + module.replaceAll(".", "_");
  return { [`${name}.lora_down.weight`]: DOWN, [`${name}.lora_up.weight`]: up };
}

/** Checks that the weight has the LoRA once. */
function checkMerged(lora: LoraFile): void {
  using unet = openUnet();
  const merged = mergeLoras(unet, "unet", [{ lora, scale: 1 }]).get(`${HERE}.weight`);
  const expected = Array.from(WEIGHT.data as Float32Array, (value, i) => {
    const [row, column] = [Math.floor(i / 4), i % 4];
    return value + (UP.data as Float32Array)[row]! * (DOWN.data as Float32Array)[column]!;
  });
  assertAllClose(new Float32Array(merged.read("float32").slice().buffer), expected, { atol: 1e-6 });
}

Deno.test("a LoRA of a larger UNet is used as far as it fits, and the rest is named", () => {
  using lora = openLora(factors([HERE, ...GONE]));
  using unet = openUnet();
  assert.deepEqual(missingModules(unet, "unet", lora), GONE);
  checkMerged(lora);
  using whole = openLora(factors([HERE]));
  assert.deepEqual(missingModules(unet, "unet", whole), []);
});

Deno.test("a LoRA that hardly fits, or has other modules than blocks, is refused", () => {
  using unet = openUnet();
  const more = [...GONE, `${GONE[0]!}_2`];
  using other = openLora(factors([HERE, ...more]));
  using strange = openLora(kohyaFactors("joint_blocks_0_attn", "lora_unet_"));
  for (const lora of [other, strange]) {
    assert.throws(() => missingModules(unet, "unet", lora), /expected modules of the unet/);
  }
  const encoder = "text_model.encoder.layers.0.mlp.fc1";
  using text = openLora(factors([encoder], "text_encoder."));
  assert.throws(
    () => mergeLoras(unet, "text_encoder", [{ lora: text, scale: 1 }]),
    /expected modules of the text_encoder/,
  );
});

Deno.test("a module under two names is merged once if its tensors are the same", () => {
  const sgm = "input_blocks.1.1.transformer_blocks.0.attn1.to_q";
  using both = openLora({ ...factors([HERE]), ...kohyaFactors(HERE, "lora_unet_") });
  checkMerged(both);
  using kohya = openLora({
    ...kohyaFactors(HERE, "lora_unet_"),
    ...kohyaFactors(HERE, "lycoris_"),
  });
  checkMerged(kohya);
  using different = openLora({
    ...factors([HERE]),
    ...kohyaFactors(HERE, "lora_unet_", tensor([3, 1], 9)),
  });
  using unet = openUnet();
  assert.throws(
    () => mergeLoras(unet, "unet", [{ lora: different, scale: 1 }]),
    /expected one update of/,
  );
  assert.throws(
    () =>
      openLora({
        ...kohyaFactors(sgm, "lora_unet_"),
        ...kohyaFactors(sgm, "lycoris_", tensor([3, 1], 9)),
      }),
    /expected one "up" for each module/,
  );
});
