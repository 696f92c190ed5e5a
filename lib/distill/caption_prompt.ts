import type { CaptionConfig, RunConfig } from "../../config/run_config.ts";
import { captionImage } from "../conditioning/caption_image.ts";
import { compositeAlpha } from "../image/composite_alpha.ts";
import type { Image } from "../image/image.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { HubModelOptions } from "../hub/hub_model.ts";
import { openAuxiliaryModel } from "./find_teacher.ts";

/** Options of {@linkcode captionPrompt}. */
export interface CaptionPromptOptions {
  /** The input image; undefined if there is none. */
  readonly image: Image | undefined;
  /** Where models of the Hub are, and whether they are downloaded. */
  readonly hub: HubModelOptions;
  /** Called when the captioning starts, with "caption". */
  readonly onStage: (stage: string) => void;
  /** Called with the caption, or with the reason why there is none. */
  readonly onNote: (message: string) => void;
}

/** SD-piXL's captioning models, which are not supported; the older BLIP is. */
const BLIP_2 = /(^|[\\/])blip2[^\\/]*$/i;

/**
 * Replaces the prompt by a caption of the input image, if the config asks for it.
 *
 * @returns The config, with the caption as its prompt.
 * @throws {ModelFolderError} If the captioning model cannot be read.
 * @throws {HubError} If a model of the Hub is not on this machine, or cannot be downloaded.
 */
export async function captionPrompt(
  sessions: SessionLoader,
  config: RunConfig,
  options: CaptionPromptOptions,
): Promise<RunConfig> {
  const { image, hub, onStage, onNote } = options;
  if (!config.automaticCaption) return config;
  const problem = image === undefined
    ? "there is no image to caption"
    : BLIP_2.test(config.caption.blipModelId)
    ? 'BLIP-2 is not supported; set a BLIP by "caption.blip_model_id", such as ' +
      "Salesforce/blip-image-captioning-base, or give a prompt"
    : undefined;
  if (problem !== undefined) {
    onNote(`"automatic_caption" has no effect: ${problem}`);
    return config;
  }
  onStage("caption");
  const folder = await openAuxiliaryModel(config.caption.blipModelId, hub);
  const prompt = await captionAs(sessions, { folder, image: image! }, config.caption);
  onNote(`The prompt is the caption of the image: "${prompt}"`);
  return { ...config, prompt };
}

/** Captions an image, composited over white, with the settings of a config. */
export async function captionAs(
  sessions: SessionLoader,
  { folder, image }: { readonly folder: ModelFolder; readonly image: Image },
  { query, minNewTokens, maxNewTokens, numBeams }: CaptionConfig,
): Promise<string> {
  const opaque = compositeAlpha(image, [255, 255, 255]);
  return await captionImage(sessions, folder, opaque, {
    query,
    // If only the max length is lowered, SD-piXL's min length exceeds it.
    minNewTokens: Math.min(minNewTokens, maxNewTokens),
    maxNewTokens,
    beams: numBeams,
  });
}
