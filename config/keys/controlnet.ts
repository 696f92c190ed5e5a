import type { KeySpecs } from "./key_spec.ts";

/**
 * Keys of the ControlNets, which keep the picture close to the edges or depth of the input image.
 */
export const CONTROLNET_KEYS = {
  useControlnet: {
    default: true,
    doc: "Whether ControlNets are used. They need an input image",
  },
  modelsId: {
    default: ["canny"],
    choices: [
      "canny",
      "canny_small",
      "canny_mid",
      "canny_full",
      "depth",
      "depth_small",
      "depth_mid",
      "depth_full",
    ],
    isPath: true,
    isCheckpoint: true,
    isHubModel: true,
    doc: "The ControlNets: kinds, or owner/name, folders, URLs or .safetensors files, whose name " +
      "contains the kind",
  },
  controlnetConditioningScale: {
    default: [0.15],
    range: "[0, 10]",
    doc: 'Factor of each ControlNet, as many as "models_id"',
  },
  depthModelId: {
    default: "depth-anything/Depth-Anything-V2-Small-hf",
    isPath: true,
    isHubModel: true,
    isNew: true,
    doc:
      "The depth estimator of depth ControlNets, a Depth Anything or a hybrid DPT: owner/name, a " +
      "folder or URL in transformers layout. SD-piXL's is Intel/dpt-hybrid-midas",
  },
  cannyThreshold1: { default: 100, range: "[0, 2000]", doc: "Min gradient of a weak Canny edge" },
  cannyThreshold2: { default: 200, range: "[0, 2000]", doc: "Min gradient of a strong Canny edge" },
  cannyBlur: { default: true, doc: "Whether the image is blurred before edge detection" },
  cannyBlurRadius: { default: 1, range: "[0, 100]", doc: "Radius of the blur in pixels" },
  controlGuidanceStart: {
    default: 0,
    range: "[0, 1]",
    doc: "Share of the diffusion time at which ControlNets start",
  },
  controlGuidanceEnd: {
    default: 1,
    range: "[0, 1]",
    doc: "Share of the diffusion time at which ControlNets end",
  },
} as const satisfies KeySpecs;
