import type { KeySpec, KeySpecs } from "./key_spec.ts";

/** Keys of the random changes of the picture before the teacher sees it. */
const AUGMENTATION_KEYS = {
  grayscaleProb: { default: 0.2, range: "[0, 1]", doc: "Probability of a grayscale image" },
  hflipProb: { default: 0.5, range: "[0, 1]", doc: "Probability of a horizontal flip" },
  distorsionProb: {
    default: 0.5,
    range: "[0, 1]",
    doc: "Probability of a perspective distortion",
  },
  distorsionScale: {
    default: 0.3,
    range: "[0, 1]",
    doc: "Max shift of a corner, as a share of half the image",
  },
  randomTau: {
    default: true,
    doc: 'Whether each step draws "generator.tau" at random, if "generator.gumbel" is true',
  },
  randomTauMin: { default: 0.5, range: "(0, 10]", doc: "Min random tau" },
  randomTauMax: { default: 1.5, range: "(0, 10]", doc: "Max random tau" },
} as const satisfies KeySpecs;

/** Keys of the optimization: steps, learning rate, AdamW, and the losses besides the teacher's. */
export const TRAINING_KEYS = {
  steps: { default: 0, range: "[0, 1000000]", integer: true, doc: "Number of optimizer steps" },
  saveSteps: {
    default: 10,
    range: "[0, 1000000]",
    integer: true,
    doc: "Steps between saved intermediate pictures; 0: none",
  },
  checkpointSteps: {
    default: 0,
    range: "[0, 1000000]",
    integer: true,
    isNew: true,
    doc:
      "Steps between checkpoints; 0: only that of the end. A run in progress always has one that is " +
      "at most a minute old",
  },
  gradientAccumulationSteps: {
    default: 1,
    range: "[1, 1000]",
    integer: true,
    isNew: true,
    doc: "Teacher calls per step, each with its own noise, timestep and augmentation. AdamW gets " +
      "the mean gradient. SD-piXL has a flag for it",
  },
  learningRate: { default: 0.05, range: "[0, 100]", doc: "Learning rate of AdamW" },
  lrScheduler: {
    default: "cosine",
    choices: [
      "constant",
      "linear",
      "cosine",
      "cosine_with_restarts",
      "polynomial",
      "constant_with_warmup",
      "piecewise_constant",
    ],
    doc: "Schedule of the learning rate, as in diffusers' get_scheduler",
  },
  lrWarmupSteps: {
    default: 0,
    range: "[0, 1000000]",
    integer: true,
    doc: "Steps in which the learning rate grows from 0",
  },
  lrStepRules: {
    default: "",
    doc: 'Rules of "piecewise_constant": factor:step,...,factor, such as 1:10,0.1:20,0.01',
  },
  lrCycles: {
    default: 5,
    range: "[1, 10000]",
    integer: true,
    doc: 'Number of cycles of "cosine_with_restarts"',
  },
  adamBeta1: {
    default: 0.9,
    range: "[0, 1)",
    doc: "Decay of AdamW's first moment (arXiv 1711.05101)",
  },
  adamBeta2: { default: 0.999, range: "[0, 1)", doc: "Decay of AdamW's second moment" },
  adamWeightDecay: { default: 0.01, range: "[0, 1]", doc: "Decoupled weight decay of AdamW" },
  adamEpsilon: {
    default: 1e-8,
    range: "(0, 1]",
    doc: "Added to the square root of the second moment",
  },
  clipGrad: { default: true, doc: "Whether the norm of the gradient is clipped" },
  maxGradNorm: { default: 1, range: "(0, 1000000000]", doc: "Max norm of the gradient" },
  resizeMode: {
    default: "bilinear",
    choices: ["nearest", "bilinear", "area", "nearest-exact"],
    doc: "Interpolation from the picture to the teacher's image size",
  },
  fftScale: { default: 5, range: "[0, 1000000]", doc: "Factor of the FFT loss; 0: off" },
  tvScale: { default: 0, range: "[0, 1000000]", doc: "Factor of the total-variation loss; 0: off" },
  tvMode: {
    default: "l1",
    choices: ["l1", "l2"],
    isNew: true,
    doc: "Norm of the total-variation loss. SD-piXL's is l1",
  },
  laplacianScale: {
    default: 0,
    range: "[0, 1000000]",
    doc: "Factor of the Laplacian loss; 0: off",
  },
  laplacianSigma: {
    default: 0.75,
    range: "(0, 10]",
    doc: "Standard deviation of its Gaussian in pixels",
  },
  laplacianKernel: {
    default: 5,
    range: "[3, 31]",
    integer: "odd",
    doc: "Kernel size of the Laplacian in pixels, less than twice the shorter axis of the picture",
  },
  laplacianMode: { default: "l1", choices: ["l1", "l2"], doc: "Norm of the Laplacian loss" },
  gradientLossScale: {
    default: 0,
    range: "[0, 1000000]",
    doc: "Factor of the loss between the Sobel edges of the picture and those of the image from " +
      "which it starts; 0: off",
  },
  bilateralScale: {
    default: 0,
    range: "[0, 1000000]",
    doc: "Factor of the bilateral loss; 0: off",
  },
  bilateralSigmaColor: {
    default: 1,
    range: "(0, 1000000]",
    doc: "Standard deviation of the bilateral loss in color",
  },
  bilateralSigmaSpace: {
    default: 1,
    range: "(0, 1000000]",
    doc: "Standard deviation of the bilateral loss in pixels",
  },
  bilateralMaxDistance: {
    default: 3,
    range: "[1, 32]",
    integer: true,
    doc: "Radius of the bilateral loss in pixels, less than the shorter axis of the picture",
  },
  pottsScale: {
    default: 0,
    range: "[0, 1000000]",
    isNew: true,
    doc: "Factor of the Potts loss: the share of neighbors that differ in color; 0: off",
  },
  pottsDown: {
    default: 1,
    range: "[0, 1000]",
    isNew: true,
    doc: "Weight of neighbors above each other in the Potts loss; those side by side have 1",
  },
  orphanScale: {
    default: 0,
    range: "[0, 1000000]",
    isNew: true,
    doc: "Factor of the loss of orphan pixels, unlike all four neighbors; 0: off",
  },
  looseScale: {
    default: 0,
    range: "[0, 1000000]",
    isNew: true,
    doc: "Factor of the loss of places where a transparent picture hardly holds together: pixels " +
      "alone, bridges of one pixel, pixels that touch at a corner; 0: off",
  },
  augmentation: AUGMENTATION_KEYS,
} as const satisfies Readonly<Record<string, KeySpec | KeySpecs>>;
