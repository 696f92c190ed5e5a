import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize_image.ts";
import { openBertTokenizer } from "../models/tokenizers/bert_tokenizer.ts";
import { type BlipConfig, readBlipConfig } from "../models/blip/blip_config.ts";
import { buildBlipImageEncoder, crossNames } from "../models/blip/blip_image_encoder.ts";
import { buildBlipTextDecoder } from "../models/blip/blip_text_decoder.ts";
import type { SavedTensor, Session, SessionLoader } from "../onnx/runtime/session.ts";
import type { FloatType } from "../weights/float16.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { StateDict } from "../weights/state_dict.ts";
import { generateTokens, type ScoreNextToken } from "./generate_tokens.ts";
import { CLIP_STATISTICS, makePixelValues } from "./pixel_values.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Options of {@linkcode captionImage}. */
export interface CaptionOptions {
  /** Start of the caption, such as "a picture of". Default: none. */
  readonly query?: string;
  /** Min number of tokens after the query. Default: 0. */
  readonly minNewTokens?: number;
  /** Max number of tokens after the query. Default: 75. */
  readonly maxNewTokens?: number;
  /** Number of beams; 1 is greedy search. Default: 1. */
  readonly beams?: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/** Max number of new tokens. Source: SD-piXL's configuration. */
const DEFAULT_MAX_NEW_TOKENS = 75;

/**
 * Captions an image with BLIP. The networks are loaded, run and released.
 *
 * Source: Li et al. 2022, https://arxiv.org/abs/2201.12086. The image is prepared as by
 * transformers' BlipImageProcessor: stretched to a square, bicubic.
 *
 * @param sessions Loads the networks.
 * @param folder Files of a BLIP captioning network and its tokenizer, in transformers' layout.
 * @param image Opaque image of any size.
 * @returns The caption in lower case; it starts with the query.
 * @throws {ModelConfigError} If an option of the network is not supported.
 * @throws {SessionError} If a network cannot be loaded.
 */
export async function captionImage(
  sessions: SessionLoader,
  folder: ModelFolder,
  image: Image,
  options: CaptionOptions,
): Promise<string> {
  const config = await readBlipConfig(folder);
  const tokenizer = await openBertTokenizer(folder);
  const { imageSize } = config.vision;
  const square = { height: imageSize, width: imageSize };
  const resized = resizeImage(image, square, { fit: "stretch", filter: "bicubic" });
  const pixelValues = makePixelValues([resized], CLIP_STATISTICS);
  const query = tokenizer.encode(options.query ?? "");
  const ids = await writeCaption(sessions, { folder, config }, pixelValues, { ...options, query });
  return tokenizer.decode([...query, ...ids]);
}

/**
 * Generates the token ids of a caption.
 *
 * @param pixelValues The prepared image, [1, 3, S, S].
 * @param options.query Token ids of the start of the caption.
 * @returns The token ids after the query, without the end token.
 */
export async function writeCaption(
  sessions: SessionLoader,
  network: {
    readonly folder: ModelFolder;
    /** Folder of the network inside the model folder. Default: "", the model folder itself. */
    readonly subfolder?: string;
    readonly config: BlipConfig;
  },
  pixelValues: FloatTensor,
  options: Omit<CaptionOptions, "query"> & { readonly query: readonly number[] },
): Promise<number[]> {
  const { folder, subfolder = "", config } = network;
  const { precision = "float32", beams = 1, query } = options;
  const { maxNewTokens = DEFAULT_MAX_NEW_TOKENS, minNewTokens = 0 } = options;
  const { bosTokenId, sepTokenId, maxPositions } = config.text;
  const start = [bosTokenId, ...query];
  // The last new token is not an input.
  const length = Math.min(maxPositions, start.length + maxNewTokens - 1);
  const maxTokens = length - start.length + 1;
  using weights = await StateDict.open(folder, subfolder, { prefer: precision });
  const encoderGraph = buildBlipImageEncoder(weights, config, { precision });
  await using encoder = await sessions.load(
    { ...encoderGraph, saved: crossNames(config) },
    { transient: true },
  );
  const { saved: cross } = await encoder.runHost({ pixel_values: pixelValues });
  using owned = new DisposableStack();
  for (const tensor of Object.values(cross)) owned.use(tensor);
  const sizes = { batch: beams, length, positions: beams };
  await using decoder = await sessions.load(
    buildBlipTextDecoder(weights, config, { ...sizes, precision }),
    { transient: true },
  );
  return await generateTokens(start, nextTokenScorer(decoder, cross, { beams, length }), {
    endToken: sepTokenId,
    minNewTokens: Math.min(minNewTokens, maxTokens),
    maxNewTokens: maxTokens,
    beams,
  });
}

/** Runs the decoder on texts padded to its length; rows without a text are zeros. */
function nextTokenScorer(
  decoder: Session,
  cross: Readonly<Record<string, SavedTensor>>,
  { beams, length }: { readonly beams: number; readonly length: number },
): ScoreNextToken {
  return async (texts) => {
    const ids = new BigInt64Array(beams * length);
    const positions = new BigInt64Array(beams);
    for (const [row, tokens] of texts.entries()) {
      ids.set(tokens.map(BigInt), row * length);
      positions[row] = BigInt(row * length + tokens.length - 1);
    }
    const { outputs: { logits } } = await decoder.runHost({
      input_ids: { data: ids, shape: [beams, length] },
      position_ids: { data: positions, shape: [beams] },
      ...cross,
    });
    const { data, shape } = logits!;
    const size = shape[1]!;
    return texts.map((_, row) => (data as Float32Array).subarray(row * size, (row + 1) * size));
  };
}
