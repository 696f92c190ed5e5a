import assert from "node:assert/strict";
import { findFastName } from "../../../lib/guidance/fast_teachers.ts";

/** Names as they are published, with kind and steps. */
const NAMES: readonly (readonly [modelId: string, kind: string | undefined, steps?: number])[] = [
  ["stabilityai/sdxl-turbo", "turbo"],
  ["/models/dreamshaperXL_v21TurboDPMSDE.safetensors", "turbo"],
  ["/models/Juggernaut_RunDiffusionPhoto2_Lightning_4Steps.safetensors", "lightning", 4],
  ["Lykon/dreamshaper-xl-lightning/", "lightning"],
  ["SimianLuo/LCM_Dreamshaper_v7", "lcm"],
  ["realismEngineLCM.safetensors", "lcm"],
  ["dmd2_sdxl_4step_unet_fp16.safetensors", "dmd2", 4],
  ["stabilityai/stable-diffusion-xl-base-1.0", undefined],
  ["/lightning/base.safetensors", undefined],
  ["malcmodel", undefined],
];

const LORAS: readonly (readonly [loraPath: string, kind: string | undefined, steps?: number])[] = [
  ["latent-consistency/lcm-lora-sdxl", "lcm"],
  ["ByteDance/Hyper-SD:Hyper-SDXL-8steps-lora.safetensors", "hyper", 8],
  ["ByteDance/SDXL-Lightning:sdxl_lightning_2step_lora.safetensors", "lightning", 2],
  ["h1t/TCD-SDXL-LoRA", "tcd"],
  ["style.safetensors, dmd2_sdxl_4step_lora.safetensors", "dmd2", 4],
  ["lightning_bolt_style.safetensors", undefined],
  ["hyperrealism_1000steps.safetensors", undefined],
];

Deno.test("findFastName() knows published few-step models and LoRAs, and no styles", () => {
  for (const [modelId, kind, steps] of NAMES) {
    const found = findFastName({ modelId, loraPath: null });
    assert.deepEqual([found?.kind, found?.steps], [kind, steps], modelId);
  }
  for (const [loraPath, kind, steps] of LORAS) {
    const found = findFastName({ modelId: "sdxl", loraPath });
    assert.deepEqual([found?.kind, found?.steps], [kind, steps], loraPath);
  }
});

Deno.test("findFastName() prefers a LoRA to the model", () => {
  const found = findFastName({ modelId: "sdxl-turbo", loraPath: "a/lcm-lora-sdxl" });
  assert.deepEqual(found, { kind: "lcm", name: "lcm-lora-sdxl", steps: undefined });
});
