import type { KeySpecs } from "./key_spec.ts";

/** Keys of the caption of the input image. */
export const CAPTION_KEYS = {
  blipModelId: {
    default: "Salesforce/blip2-opt-2.7b",
    isPath: true,
    isHubModel: true,
    doc:
      "The captioning model: a BLIP by owner/name, folder or URL in transformers layout, such as " +
      "Salesforce/blip-image-captioning-base. The default is SD-piXL's, a BLIP-2, which is not " +
      "supported",
  },
  minNewTokens: {
    default: 20,
    range: "[0, 10000]",
    integer: true,
    doc: "Min length of a caption in tokens",
  },
  maxNewTokens: {
    default: 75,
    range: "[1, 10000]",
    integer: true,
    doc: "Max length of a caption in tokens",
  },
  query: { default: "", doc: "First words of the caption" },
  numBeams: {
    default: 1,
    range: "[1, 16]",
    integer: true,
    isNew: true,
    doc: "Number of beams of the beam search; 1: greedy search",
  },
  skipSpecialTokens: {
    default: true,
    unused: "they are always left out",
    doc: "Whether special tokens are left out of captions",
  },
} as const satisfies KeySpecs;
