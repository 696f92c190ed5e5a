import { LoraFile } from "../lora/lora_file.ts";
import { ENDING, openReference } from "./reference_file.ts";
import type { Verification } from "./verification.ts";
import { readDenoiserInputs, runUnet } from "./verify_unet_controlnet.ts";
import { NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";

/** Prefix of the names of predictions; the layout of the LoRA follows. */
const PREDICTION = "noise_pred_";

/** Files of the LoRA, in both layouts. */
export const LORA_FILES: readonly string[] = ["lora_diffusers", "lora_kohya"];

/** Compares predictions of the UNet with a LoRA; only the latents are its own inputs. */
export async function* verifyLora(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const given = await openReference(folder, "unet_controlnet");
  const inputs = { ...readDenoiserInputs(given), sample: file.tensor("latents") };
  const scale = file.number("scale");
  for (const layout of file.captures(/^noise_pred_(\w+)$/)) {
    const name = `${PREDICTION}${layout}`;
    yield* orFailure(`${file.name} ${name}`, async function* () {
      using lora = LoraFile.fromSource(await folder.source(`lora_${layout}${ENDING}`));
      const options = { subfolder: "unet", loras: [{ lora, scale }] };
      yield file.compare(name, (await runUnet(verification, inputs, options)).data, NETWORK);
    });
  }
}
