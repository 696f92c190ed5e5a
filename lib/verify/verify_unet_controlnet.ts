import { readControlnetConfig } from "../models/unet/controlnet_config.ts";
import { buildControlnet } from "../models/unet/controlnet_model.ts";
import { buildUnet } from "../models/unet/unet_2d_condition_model.ts";
import { readUnetConfig } from "../models/unet/unet_config.ts";
import type { HostTensor } from "../onnx/runtime/session.ts";
import { mergeLoras } from "../lora/lora_merge.ts";
import type { ScaledLora } from "../lora/lora_file.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { ReferenceFile } from "./reference_file.ts";
import { runOnce, type Verification } from "./verification.ts";
import { NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** ControlNets whose residuals are summed for "noise_pred_controlled". */
export const ADDED_CONTROLNETS = ["controlnet_canny", "controlnet_depth"] as const;

/** Inputs of a UNet and its ControlNets; names as in their graphs. */
export interface DenoiserInputs {
  /** Noisy latents, shape [N, 4, h, w]. */
  readonly sample: HostTensor;
  /** Diffusion time, shape [1]. */
  readonly timestep: HostTensor;
  /** Prompts, shape [N, L, D]. */
  readonly encoder_hidden_states: HostTensor;
  /** Pooled prompts, shape [N, P]. */
  readonly text_embeds?: HostTensor;
  /** Sizes, shape [N, 6]. */
  readonly time_ids?: HostTensor;
}

/** Residuals of a ControlNet, or a sum of several, by the names of the UNet's inputs. */
export type Residuals = Readonly<Record<string, FloatTensor>>;

/** Compares the residuals of each ControlNet and the predictions of each UNet. */
export async function* verifyUnetControlnet(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  const inputs = readDenoiserInputs(file);
  const scales = file.setting("conditioning_scale", isScales, "numbers by ControlNet");
  for (const [subfolder, scale] of Object.entries(scales)) {
    yield* orFailure(`${file.name} ${subfolder}`, async function* () {
      const image = file.tensor("control_image");
      const options = { subfolder, image, scale };
      const residuals = await runControlnet(verification, inputs, options);
      for (const [name, { data }] of Object.entries(residuals)) {
        yield file.compare(referenceName(subfolder, name), data, NETWORK);
      }
    });
  }
  for (const subfolder of file.captures(/^(unet\w*)\.noise_pred$/)) {
    const name = `${subfolder}.noise_pred`;
    yield* orFailure(`${file.name} ${name}`, async function* () {
      yield file.compare(name, (await runUnet(verification, inputs, { subfolder })).data, NETWORK);
    });
  }
  for (const subfolder of file.captures(/^(unet\w*)\.noise_pred_controlled$/)) {
    const name = `${subfolder}.noise_pred_controlled`;
    yield* orFailure(`${file.name} ${name}`, async function* () {
      const residuals = addResiduals(ADDED_CONTROLNETS.map((net) => storedResiduals(file, net)));
      const prediction = await runUnet(verification, inputs, { subfolder, residuals });
      yield file.compare(name, prediction.data, NETWORK);
    });
  }
}

/** Reads the inputs of the networks. */
export function readDenoiserInputs(file: ReferenceFile): DenoiserInputs {
  return {
    sample: file.tensor("latents"),
    timestep: file.tensor("timestep"),
    encoder_hidden_states: file.tensor("prompt_embeds"),
    text_embeds: file.tensor("pooled_prompt_embeds"),
    time_ids: file.tensor("time_ids"),
  };
}

/** Runs a ControlNet of the teacher. */
export async function runControlnet(
  verification: Verification,
  inputs: DenoiserInputs,
  { subfolder, image, scale }: {
    readonly subfolder: string;
    readonly image: HostTensor;
    readonly scale: number;
  },
): Promise<Residuals> {
  const { teacher } = verification;
  const config = await readControlnetConfig(teacher, subfolder);
  using weights = await StateDict.open(teacher, subfolder);
  const graph = buildControlnet(weights, config, sizesOf(inputs));
  return await runOnce(verification, graph, {
    ...inputs,
    controlnet_cond: image,
    conditioning_scale: { data: Float32Array.of(scale), shape: [1] },
  });
}

/** Runs a UNet of the teacher, with or without residuals and LoRAs. */
export async function runUnet(
  verification: Verification,
  inputs: DenoiserInputs,
  { subfolder, residuals, loras = [] }: {
    readonly subfolder: string;
    readonly residuals?: Residuals;
    readonly loras?: readonly ScaledLora[];
  },
): Promise<FloatTensor> {
  const { teacher } = verification;
  const config = await readUnetConfig(teacher, subfolder);
  using own = await StateDict.open(teacher, subfolder);
  const weights = mergeLoras(own, "unet", loras);
  const options = { ...sizesOf(inputs), residuals: residuals !== undefined };
  const graph = buildUnet(weights, config, options);
  const { noise_pred: prediction } = await runOnce(verification, graph, {
    ...inputs,
    ...residuals,
  });
  return prediction!;
}

/** Sums the residuals of several ControlNets. */
export function addResiduals(all: readonly Residuals[]): Residuals {
  return all.reduce((sum, residuals) =>
    Object.fromEntries(
      Object.entries(sum).map(([name, { data, shape }]) => [
        name,
        { data: data.map((value, i) => value + residuals[name]!.data[i]!), shape },
      ]),
    )
  );
}

/** Reads the residuals of a ControlNet from the reference. */
function storedResiduals(file: ReferenceFile, subfolder: string): Residuals {
  const count = file.names.filter((name) => name.startsWith(`${subfolder}.down.`)).length;
  const names = Array.from({ length: count }, (_, i) => `down_block_residual_${i}`);
  return Object.fromEntries(
    [...names, "mid_block_residual"].map((name) => [
      name,
      file.tensor(referenceName(subfolder, name)),
    ]),
  );
}

/** Returns the name of a reference tensor for an output of a graph. */
function referenceName(subfolder: string, name: string): string {
  const index = /^down_block_residual_(\d+)$/.exec(name)?.[1];
  return index === undefined ? `${subfolder}.mid` : `${subfolder}.down.${index}`;
}

function sizesOf({ sample, encoder_hidden_states: prompts }: DenoiserInputs) {
  const [batch, , height, width] = sample.shape as [number, number, number, number];
  return { batch, height, width, promptLength: prompts.shape[1]! };
}

function isScales(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === "object" && value !== null &&
    Object.values(value).every((scale) => typeof scale === "number");
}
