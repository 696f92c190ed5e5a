import { writeCaption } from "../conditioning/caption_image.ts";
import { readBlipConfig } from "../models/blip/blip_config.ts";
import { buildBlipImageEncoder, crossNames } from "../models/blip/blip_image_encoder.ts";
import { buildBlipTextDecoder } from "../models/blip/blip_text_decoder.ts";
import { readClipConfig } from "../models/clip/clip_config.ts";
import { buildClipModel } from "../models/clip/clip_model.ts";
import { buildDepthAnything } from "../models/depth/depth_anything.ts";
import { readDepthAnythingConfig } from "../models/depth/depth_anything_config.ts";
import { readDptConfig } from "../models/depth/dpt_config.ts";
import { buildDptHybrid } from "../models/depth/dpt_hybrid.ts";
import type { HostTensor } from "../onnx/runtime/session.ts";
import { StateDict } from "../weights/state_dict.ts";
import type { ReferenceTensor } from "./reference_file.ts";
import { runOnce, type Verification } from "./verification.ts";
import { EXACT, NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";

/** Folders of the small networks, in the folder of the reference tensors. */
const NETWORKS = {
  depth: "tiny-depth-anything",
  dpt: "tiny-dpt-hybrid",
  clip: "tiny-clip",
  blip: "tiny-blip",
} as const;

/** No token has this id: the captions of the reference do not stop at the end token. */
const NO_TOKEN = -1;

/** Compares the depth of a Depth Anything network. */
export async function* verifyDepthAnything(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const image = file.tensor("pixel_values");
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const config = await readDepthAnythingConfig(folder, NETWORKS.depth);
  using weights = await StateDict.open(folder, NETWORKS.depth);
  const graph = buildDepthAnything(weights, config, { batch, height, width });
  const { predicted_depth: depth } = await runOnce(verification, graph, { pixel_values: image });
  yield file.compare("predicted_depth", depth!.data, NETWORK);
}

/** Compares the depth of a hybrid DPT, at its training size and at others. */
export async function* verifyDptHybrid(
  verification: Verification,
): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const config = await readDptConfig(folder, NETWORKS.dpt);
  using weights = await StateDict.open(folder, NETWORKS.dpt);
  for (const name of file.captures(/^(\w+)\.pixel_values$/)) {
    const image = file.tensor(`${name}.pixel_values`);
    const [batch, , height, width] = image.shape as [number, number, number, number];
    const graph = buildDptHybrid(weights, config, { batch, height, width });
    const { predicted_depth: depth } = await runOnce(verification, graph, { pixel_values: image });
    yield file.compare(`${name}.predicted_depth`, depth!.data, NETWORK);
  }
}

/** Compares the embeddings of a CLIP and its scores of images and texts. */
export async function* verifyClip(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file, folder } = verification;
  const image = file.tensor("pixel_values");
  const ids = file.tensor("input_ids");
  const [texts, length] = ids.shape as [number, number];
  const config = await readClipConfig(folder, NETWORKS.clip);
  using weights = await StateDict.open(folder, NETWORKS.clip);
  const graph = buildClipModel(weights, config, { images: image.shape[0]!, texts, length });
  const feeds = { pixel_values: image, input_ids: tokensOf(ids) };
  const results = await runOnce(verification, graph, feeds);
  for (const [name, { data }] of Object.entries(results)) {
    yield file.compare(name, data, NETWORK);
  }
}

/** Compares the image features of a BLIP, its token scores, and a caption. */
export async function* verifyBlip(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file, folder, sessions } = verification;
  const image = file.tensor("pixel_values");
  const config = await readBlipConfig(folder, NETWORKS.blip);
  using weights = await StateDict.open(folder, NETWORKS.blip);
  const encoder = buildBlipImageEncoder(weights, config);
  const seen = await runOnce(verification, encoder, { pixel_values: image });
  yield file.compare("image_hidden_states", seen["image_hidden_states"]!.data, NETWORK);
  const ids = file.tensor("input_ids");
  const [batch, length] = ids.shape as [number, number];
  const positions = Array.from({ length: batch * length }, (_, position) => position);
  const sizes = { batch, length, positions: positions.length };
  const results = await runOnce(verification, buildBlipTextDecoder(weights, config, sizes), {
    input_ids: tokensOf(ids),
    position_ids: { data: BigInt64Array.from(positions, BigInt), shape: [positions.length] },
    ...Object.fromEntries(crossNames(config).map((name) => [name, seen[name]!])),
  });
  yield file.compare("logits", results["logits"]!.data, NETWORK);
  yield* orFailure(`${file.name} greedy_ids`, async function* () {
    const { data } = file.tensor("greedy_ids");
    const endless = { ...config, text: { ...config.text, sepTokenId: NO_TOKEN } };
    const options = { maxNewTokens: data.length - 1, query: [] };
    const own = await writeCaption(
      sessions,
      { folder, subfolder: NETWORKS.blip, config: endless },
      image,
      options,
    );
    yield file.compare("greedy_ids", [config.text.bosTokenId, ...own], EXACT);
  });
}

function tokensOf({ data, shape }: ReferenceTensor): HostTensor {
  return { data: BigInt64Array.from(data, BigInt), shape };
}
