import {
  choice,
  choiceOrPlace,
  type Field,
  flag,
  integer,
  list,
  nullable,
  number,
  odd,
  text,
  unused,
} from "./field.ts";
import type { RunConfig } from "./run_config.ts";

/** A field for every key of a config section, and a section for every section. */
export type SectionSchema<T> = {
  readonly [K in keyof T]: NonNullable<T[K]> extends readonly unknown[] ? Field
    : NonNullable<T[K]> extends object ? SectionSchema<T[K]>
    : Field;
};

const SHARE = { min: 0, max: 1 };
const DECAY = { min: 0, max: 1, openMax: true };
const TAU = { min: 0, max: 10, openMin: true };
const SCALE = { min: 0, max: 1e6 };
const MAX_STEPS = 1_000_000;
const CONTROLNETS = ["canny", "depth"].flatMap((kind) => [
  kind,
  `${kind}_small`,
  `${kind}_mid`,
  `${kind}_full`,
]);

/** What each key of a run's config may hold. The one source of checks and JSON schema. */
export const RUN_CONFIG_SCHEMA: SectionSchema<RunConfig> = {
  preset: choice("Preset that fills what nobody set", ["draft", "standard", "max", "paper"]),
  seed: integer("Seed of all randomness", 0, 2 ** 32 - 1),
  image: nullable(text("Path of the input image")),
  automaticCaption: flag("Puts a caption of the image in place of the prompt"),
  savingResize: integer("Longer side of the enlarged copy in pixels, about", 0, 8192),
  prompt: text("What the picture shows"),
  negativePrompt: text("What the picture must not show"),
  output: text("Folder under which runs make their own"),
  runtime: choice("What runs the networks", ["auto", "webgpu", "wasm", "native"]),
  batch: integer("Pictures of one call that are made at once, at most; 0: as many as fit", 0, 64),
  generator: {
    imageH: integer("Height of the picture in pixels", 8, 256),
    imageW: integer("Width of the picture in pixels", 8, 256),
    imageFit: choice("How an input image of another aspect ratio fills the picture", [
      "crop",
      "fit",
      "pad",
    ]),
    std: number("Standard deviation of logits that begin as noise", { min: 0, max: 100 }),
    initializeRenderer: flag("Whether the logits begin from an image"),
    initializationMethod: choice("How the image becomes logits", [
      "kmeans",
      "palette",
      "nearest",
      "palette-bilinear",
      "palette-nearest",
      "palette-kmeans",
    ]),
    kmeansNbColors: integer("Colors of the palette that k-means makes", 2, 256),
    initDistance: choice("Distance between a pixel and a palette color", [
      "cosine_similarity",
      "l1",
      "l2",
      "zero",
      "random",
    ]),
    palette: text("Built-in palette or path of a .hex file"),
    toneMapping: flag("Draws an image by its lightness if the palette has one hue"),
    softmaxRegularizer: number("Norm of the first logits", { min: 0, max: 1000, openMin: true }),
    smoothSoftmax: flag("Mixes palette colors; false takes the likeliest, straight-through"),
    gumbel: flag("Whether Gumbel noise is added to the logits"),
    tau: number("Gumbel-softmax temperature", TAU),
    strayMargin: number("Logits by which a stray pixel may give way to its neighbors; 0: none", {
      min: 0,
      max: 100,
    }),
  },
  training: {
    steps: integer("Optimizer steps", 0, MAX_STEPS),
    saveSteps: integer("Steps between pictures in the run's folder; 0: none", 0, MAX_STEPS),
    checkpointSteps: integer("Steps between checkpoints; 0: at the end only", 0, MAX_STEPS),
    gradientAccumulationSteps: integer("Pictures that the teacher judges for one step", 1, 1000),
    learningRate: number("Learning rate of AdamW", { min: 0, max: 100 }),
    lrScheduler: choice("Course of the learning rate", [
      "constant",
      "linear",
      "cosine",
      "cosine_with_restarts",
      "polynomial",
      "constant_with_warmup",
      "piecewise_constant",
    ]),
    lrWarmupSteps: integer("Steps in which the learning rate grows from 0", 0, MAX_STEPS),
    lrStepRules: text("Rules of piecewise_constant: factor:step,...,factor"),
    lrCycles: integer("Restarts of cosine_with_restarts", 1, 10_000),
    adamBeta1: number("Decay of the first moment", DECAY),
    adamBeta2: number("Decay of the second moment", DECAY),
    adamWeightDecay: number("Decoupled weight decay", SHARE),
    adamEpsilon: number("Added to the root of the second moment", { ...SHARE, openMin: true }),
    clipGrad: flag("Whether the norm of the gradient is limited"),
    maxGradNorm: number("Greatest norm of the gradient", { min: 0, max: 1e9, openMin: true }),
    resizeMode: choice("How the picture is enlarged to the teacher's size", [
      "nearest",
      "bilinear",
      "area",
      "nearest-exact",
    ]),
    fftScale: number("Factor of the FFT loss", SCALE),
    tvScale: number("Factor of the total-variation loss", SCALE),
    tvMode: choice("Norm of the total-variation loss", ["l1", "l2"]),
    laplacianScale: number("Factor of the Laplacian loss", SCALE),
    laplacianSigma: number("Standard deviation of the Laplacian in pixels", TAU),
    laplacianKernel: odd("Side of the Laplacian's kernel in pixels", 3, 31),
    laplacianMode: choice("Norm of the Laplacian loss", ["l1", "l2"]),
    gradientLossScale: number("Factor of the loss between edges", SCALE),
    bilateralScale: number("Factor of the bilateral loss", SCALE),
    bilateralSigmaColor: number("Standard deviation in color", { ...SCALE, openMin: true }),
    bilateralSigmaSpace: number("Standard deviation in pixels", { ...SCALE, openMin: true }),
    bilateralMaxDistance: integer("Greatest distance in pixels", 1, 32),
    augmentation: {
      grayscaleProb: number("Probability of a grayscale picture", SHARE),
      hflipProb: number("Probability of a horizontal flip", SHARE),
      distorsionProb: number("Probability of a perspective", SHARE),
      distorsionScale: number("How far corners move, as a share of half the side", SHARE),
      randomTau: flag("Draws tau anew at each step"),
      randomTauMin: number("Least tau that is drawn", TAU),
      randomTauMax: number("Greatest tau that is drawn", TAU),
    },
  },
  diffusion: {
    modelId: text(
      "The teacher: mini, sdxl, ssd1b, owner/name, or a folder or URL in diffusers layout",
    ),
    vaeId: nullable(
      text("Another autoencoder: taesdxl, vae-16-fix, owner/name, a folder or a URL"),
    ),
    precision: choice("Precision of the teacher: floats, or quantized weights", [
      "auto",
      "fp32",
      "fp16",
      "q8",
      "q4",
    ]),
    loraPath: nullable(text("LoRA weights: files, folders or owner/name, with commas between")),
    loraScale: number("Factor of the LoRA weights", { min: -10, max: 10 }),
    ldmSpeedUp: unused(flag("torch.compile"), "there is no PyTorch here", [false]),
    enableXformers: unused(flag("xformers"), "there is no PyTorch here", [false]),
    gradientCheckpoint: unused(flag("Gradient checkpointing"), "there is no PyTorch here", [false]),
    sampler: choice("Sampler of the first image", ["ddim", "euler"]),
    numInferenceSteps: integer("Steps of the sampler", 1, 1000),
    guidanceScale: number("Classifier-free guidance of the sampler", { min: 0, max: 100 }),
    numReferences: integer("Images that are drawn to choose from", 1, 100),
    clipId: nullable(text("Folder or URL of a CLIP that chooses; null: the teacher does")),
  },
  controlnet: {
    useControlnet: flag("Whether ControlNets run"),
    modelsId: list(choiceOrPlace("Kinds of the ControlNets", CONTROLNETS)),
    controlnetConditioningScale: list(number("Factor of each ControlNet", { min: 0, max: 10 })),
    depthModelId: text("The network that sees depth: owner/name, a folder or a URL"),
    cannyThreshold1: number("Least gradient of weak edges", { min: 0, max: 2000 }),
    cannyThreshold2: number("Least gradient of strong edges", { min: 0, max: 2000 }),
    cannyBlur: flag("Whether the image is blurred before its edges are sought"),
    cannyBlurRadius: number("Radius of that blur in pixels", { min: 0, max: 100 }),
    controlGuidanceStart: number("Share of diffusion time from which ControlNets act", SHARE),
    controlGuidanceEnd: number("Share of diffusion time up to which ControlNets act", SHARE),
  },
  caption: {
    blipModelId: text("The captioning model: a BLIP by owner/name, folder or URL"),
    minNewTokens: integer("Least length of a caption in tokens", 0, 10_000),
    maxNewTokens: integer("Greatest length of a caption in tokens", 1, 10_000),
    query: text("Words that a caption begins with"),
    numBeams: integer("Captions that are pursued at once; 1: the likeliest word each time", 1, 16),
    skipSpecialTokens: unused(
      flag("Whether special tokens are left out of captions"),
      "they are always left out",
      [true],
    ),
  },
  sd: {
    guidanceScale: number("Classifier-free guidance of the score", { min: 0, max: 1000 }),
    gradScale: number("Factor of the score's gradient", SCALE),
    tMin: number("Least timestep, as a share of the schedule", SHARE),
    tMax: number("Greatest timestep, as a share of the schedule", SHARE),
    tBoundMax: number("bounded_max: where the greatest timestep ends", SHARE),
    tBoundReached: number("bounded_max: share of the steps after which it is there", SHARE),
    samplingMethodT: choice("How timesteps are drawn", [
      "uniform",
      "linear",
      "bounded_max",
      "linear_falling",
    ]),
    tStart: number("linear_falling: timestep at the first step", SHARE),
    tEnd: number("linear_falling: timestep at the last step", SHARE),
    tWindow: number("linear_falling: greatest distance from the line", SHARE),
    imSize: nullable(integer("Side of the teacher's image in pixels", 8, 4096)),
    wMode: choice("Weight of a timestep", ["cumprod", "constant"]),
  },
};
