import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import { readClipTextConfig } from "../models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../models/clip/clip_text_model.ts";
import { readControlnetConfig } from "../models/unet/controlnet_config.ts";
import { buildControlnet } from "../models/unet/controlnet_model.ts";
import { buildUnet, type UnetOptions } from "../models/unet/unet_2d_condition_model.ts";
import { readUnetConfig, type UnetConfig } from "../models/unet/unet_config.ts";
import { LoraFile } from "../lora/lora_file.ts";
import { mergeLoras } from "../lora/lora_merge.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";
import type { HostTensor } from "../onnx/runtime/session.ts";
import { StateDict } from "../weights/state_dict.ts";
import { ENDING, openReference, type ReferenceFile } from "./reference_file.ts";
import { NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";
import { runOnce, type Verification } from "./verification.ts";

/** Folder of the networks inside the folder of reference tensors. */
const TEACHER = "tiny-sd15";
/** Heads of the levels, with which the same weights are those of Stable Diffusion 2. */
const SD2_HEADS = [1, 2, 4];
/** Kinds of LoRA whose predictions are compared. */
const LORA_KINDS = ["plain", "loha", "lokr", "dora", "mid", "diff"] as const;

/** Files with the LoRA of each kind. */
export const SD15_LORA_FILES: readonly string[] = LORA_KINDS.map((kind) => `lora_sd15_${kind}`);

/** Inputs of a UNet, by the names of its graph. */
type Feeds = Readonly<Record<string, HostTensor>>;

/**
 * Compares the networks of Stable Diffusion 1.5: the text encoder with and without its last layer,
 * the ControlNet, the UNet forward and backward, and with Stable Diffusion 2's projections.
 */
export async function* verifySd15(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  for (const [name, layerFromEnd] of [["prompt_embeds", 1], ["prompt_embeds_skip_2", 2]] as const) {
    yield* orFailure(`${file.name} ${name}`, async function* () {
      const states = await encode(verification, layerFromEnd);
      yield file.compare(name, states.data, NETWORK);
    });
  }
  const feeds = readFeeds(file);
  yield* orFailure(`${file.name} controlnet`, () => verifyControlnet(verification, feeds));
  yield* orFailure(`${file.name} unet`, () => verifyUnet(verification, feeds));
}

async function encode(verification: Verification, layerFromEnd: number): Promise<FloatTensor> {
  const { file, folder } = verification;
  const { data, shape } = file.tensor("input_ids");
  const subfolder = `${TEACHER}/text_encoder`;
  const config = await readClipTextConfig(folder, subfolder);
  using weights = await StateDict.open(folder, subfolder);
  const graph = buildClipTextModel(weights, config, {
    batch: shape[0]!,
    length: shape[1]!,
    states: { layerFromEnd, normalized: true },
  });
  const ids = BigInt64Array.from(data, BigInt);
  const outputs = await runOnce(verification, graph, { input_ids: { data: ids, shape } });
  return outputs["hidden_states"]!;
}

/** Reads the inputs; the prompts are the first rows of the encoded ones. */
function readFeeds(file: ReferenceFile): Feeds {
  const sample = file.tensor("latents");
  const { data, shape: [, length, width] } = file.tensor("prompt_embeds");
  const shape = [sample.shape[0]!, length!, width!];
  return {
    sample,
    timestep: file.tensor("timestep"),
    encoder_hidden_states: { data: data.slice(0, shapeSize(shape)), shape },
  };
}

function sizesOf(feeds: Feeds): UnetOptions {
  const [batch, , height, width] = feeds["sample"]!.shape as [number, number, number, number];
  const [, promptLength] = feeds["encoder_hidden_states"]!.shape as [number, number];
  return { batch, height, width, promptLength };
}

async function* verifyControlnet(
  verification: Verification,
  feeds: Feeds,
): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const subfolder = `${TEACHER}/controlnet_canny`;
  const config = await readControlnetConfig(folder, subfolder);
  using weights = await StateDict.open(folder, subfolder);
  const { controlnet_canny: scale } = file.setting("conditioning_scale", isScales, "numbers");
  const residuals = await runOnce(verification, buildControlnet(weights, config, sizesOf(feeds)), {
    ...feeds,
    controlnet_cond: file.tensor("control_image"),
    conditioning_scale: { data: Float32Array.of(scale), shape: [1] },
  });
  for (const [name, { data }] of Object.entries(residuals)) {
    const index = /^down_block_residual_(\d+)$/.exec(name)?.[1];
    const stored = `controlnet_canny.${index === undefined ? "mid" : `down.${index}`}`;
    yield file.compare(stored, data, NETWORK);
  }
  const { noise_pred: prediction } = await runUnet(verification, {
    feeds: { ...feeds, ...residuals },
    options: { residuals: true },
  });
  yield file.compare("unet.noise_pred_controlled", prediction!.data, NETWORK);
}

function isScales(value: unknown): value is { readonly controlnet_canny: number } {
  return typeof value === "object" && value !== null && "controlnet_canny" in value &&
    typeof value.controlnet_canny === "number";
}

async function* verifyUnet(
  verification: Verification,
  feeds: Feeds,
): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  const { noise_pred: prediction, grad_sample: gradient } = await runUnet(verification, {
    feeds: { ...feeds, grad_noise_pred: file.tensor("grad_noise_pred") },
    options: { gradient: true },
  });
  yield file.compare("unet.noise_pred", prediction!.data, NETWORK);
  yield file.compare("grad_latents", gradient!.data, NETWORK);
  const second = await runUnet(verification, { feeds, change: withLinearProjections });
  yield file.compare("unet.noise_pred_linear", second["noise_pred"]!.data, NETWORK);
}

/** A UNet: its config and its weights. */
interface Unet {
  readonly config: UnetConfig;
  readonly weights: StateDict;
}

async function runUnet(
  verification: Verification,
  { feeds, options = {}, change = (unet) => unet }: {
    readonly feeds: Feeds;
    readonly options?: Pick<UnetOptions, "residuals" | "gradient">;
    readonly change?: (unet: Unet) => Unet;
  },
): Promise<Record<string, FloatTensor>> {
  const subfolder = `${TEACHER}/unet`;
  const config = await readUnetConfig(verification.folder, subfolder);
  using weights = await StateDict.open(verification.folder, subfolder);
  const changed = change({ config, weights });
  const graph = buildUnet(changed.weights, changed.config, { ...sizesOf(feeds), ...options });
  return await runOnce(verification, graph, feeds);
}

/** Makes convolutions of one pixel linear layers: the same values, with other numbers of heads. */
function withLinearProjections({ config, weights }: Unet): Unet {
  const entries = weights.keys().map((key) => {
    const entry = weights.get(key);
    const isProjection = /\.proj_(in|out)\.weight$/.test(key);
    const shape = isProjection ? entry.shape.slice(0, 2) : entry.shape;
    const read: typeof entry.read = (...range) => entry.read(...range);
    return { key, dtype: entry.dtype, shape, read };
  });
  const withHeads = (blocks: UnetConfig["downBlocks"], heads: readonly number[]) =>
    blocks.map((block, i) => ({ ...block, heads: heads[i]! }));
  return {
    weights: StateDict.fromEntries(entries, weights.location),
    config: {
      ...config,
      useLinearProjection: true,
      downBlocks: withHeads(config.downBlocks, SD2_HEADS),
      upBlocks: withHeads(config.upBlocks, SD2_HEADS.toReversed()),
      midBlock: config.midBlock && { ...config.midBlock, heads: SD2_HEADS.at(-1)! },
    },
  };
}

/** Compares predictions of the UNet with a LoRA of each kind. */
export async function* verifySd15Loras(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const given = readFeeds(await openReference(folder, "sd15"));
  const feeds = { ...given, sample: file.tensor("latents") };
  for (const kind of file.captures(/^noise_pred_(\w+)$/)) {
    const name = `noise_pred_${kind}`;
    yield* orFailure(`${file.name} ${name}`, async function* () {
      using lora = LoraFile.fromSource(await folder.source(`lora_sd15_${kind}${ENDING}`));
      const change = ({ config, weights }: Unet) => ({
        config,
        weights: mergeLoras(weights, "unet", [{ lora, scale: 1 }]),
      });
      const { noise_pred: prediction } = await runUnet(verification, { feeds, change });
      yield file.compare(name, prediction!.data, NETWORK);
    });
  }
}
