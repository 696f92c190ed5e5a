/** The picture: its size, its palette and how its logits begin and turn into colors. */
export interface GeneratorConfig {
  /** Height of the picture in pixels, integer in [8, 256]. Default: 32. */
  readonly imageH: number;
  /** Width of the picture in pixels, integer in [8, 256]. Default: 32. */
  readonly imageW: number;
  /**
   * How an input image of another aspect ratio fills the picture: "crop" cuts off what sticks out,
   * "fit" shows all of it with the color of its border around, "pad" shows all of it on white.
   * Default: "crop".
   */
  readonly imageFit: "crop" | "fit" | "pad";
  /** Standard deviation of logits that begin as noise, in [0, 100]. Default: 1. */
  readonly std: number;
  /** Whether the logits begin from an image (given, or drawn by the teacher). Default: true. */
  readonly initializeRenderer: boolean;
  /**
   * How the image becomes logits: "palette-kmeans" takes for each pixel the color that is commonest
   * in its place, of the image's own by k-means, and for that one of the palette, near to it and
   * apart from those beside it, which keeps flat areas flat; "palette" takes that of the palette which is commonest there;
   * "palette-bilinear", SD-piXL's, mixes the colors near to what is there. "kmeans" and "nearest"
   * also make the palette of the image. Default: "palette-kmeans".
   */
  readonly initializationMethod:
    | "kmeans"
    | "palette"
    | "nearest"
    | "palette-bilinear"
    | "palette-nearest"
    | "palette-kmeans";
  /** Colors of the palette that k-means makes, integer in [2, 256]. Default: 6. */
  readonly kmeansNbColors: number;
  /** Distance between a pixel and a palette color in the initialization. Default: "l1". */
  readonly initDistance: "cosine_similarity" | "l1" | "l2" | "zero" | "random";
  /** Name of a built-in palette, or path of a `.hex` file. Default: "sweetie-16". */
  readonly palette: string;
  /**
   * Whether an image is first drawn in the shades of the palette by its lightness, where that has
   * one hue only. Default: true.
   */
  readonly toneMapping: boolean;
  /**
   * Norm to which the logits are rescaled when they begin from an image, in (0, 1000]. Default: 1.
   */
  readonly softmaxRegularizer: number;
  /** Mixes palette colors; false takes the likeliest color, straight-through. Default: true. */
  readonly smoothSoftmax: boolean;
  /** Whether Gumbel noise is added to the logits at each step. Default: true. */
  readonly gumbel: boolean;
  /** Gumbel-softmax temperature, in (0, 10]. Default: 1. Source: arXiv 1611.01144, Eq. 2. */
  readonly tau: number;
  /**
   * A pixel of the finished picture whose four neighbors all have other colors takes one of
   * theirs, if its logit is lower by less than this, in [0, 100]; 0 for never. Default: 0.5.
   */
  readonly strayMargin: number;
}

/** Random changes of the picture before the teacher sees it. */
export interface AugmentationConfig {
  /** Probability of a grayscale picture, in [0, 1]. Default: 0.2. */
  readonly grayscaleProb: number;
  /** Probability of a horizontal flip, in [0, 1]. Default: 0.5. */
  readonly hflipProb: number;
  /** Probability of a perspective, in [0, 1]. Default: 0.5. */
  readonly distorsionProb: number;
  /** How far corners move at most, as a share of half the side, in [0, 1]. Default: 0.3. */
  readonly distorsionScale: number;
  /** Draws tau anew at each step, if `gumbel` is on. Default: true. */
  readonly randomTau: boolean;
  /** Least tau that is drawn, in (0, 10]. Default: 0.5. */
  readonly randomTauMin: number;
  /** Greatest tau that is drawn, in (0, 10]. Default: 1.5. */
  readonly randomTauMax: number;
}

/** The optimization: steps, learning rate, AdamW and the losses besides the teacher's. */
export interface TrainingConfig {
  /** Optimizer steps, integer in [0, 1_000_000]. Default: 20. */
  readonly steps: number;
  /** Steps between pictures in the run's folder, integer; 0 writes none. Default: 10. */
  readonly saveSteps: number;
  /** Steps between checkpoints, integer; 0 writes one at the end only. Default: 0. */
  readonly checkpointSteps: number;
  /**
   * Pictures that the teacher judges for each optimizer step, one after the other, each with its own
   * noise, timestep and random change, integer in [1, 1000]; AdamW gets the mean of their gradients.
   * Default: 1.
   */
  readonly gradientAccumulationSteps: number;
  /** Learning rate of AdamW, in [0, 100]. Default: 0.05. */
  readonly learningRate: number;
  /**
   * Course of the learning rate. Names and meaning as in diffusers' `get_scheduler`. Default:
   * "cosine".
   */
  readonly lrScheduler:
    | "constant"
    | "linear"
    | "cosine"
    | "cosine_with_restarts"
    | "polynomial"
    | "constant_with_warmup"
    | "piecewise_constant";
  /** Steps in which the learning rate grows from 0, integer. Default: 0. */
  readonly lrWarmupSteps: number;
  /**
   * Rules of "piecewise_constant": "factor:step,…,factor", such as "1:10,0.1:20,0.01". Default: "".
   */
  readonly lrStepRules: string;
  /** Restarts of "cosine_with_restarts", integer >= 1. Default: 5. */
  readonly lrCycles: number;
  /** Decay of AdamW's first moment, in [0, 1). Source: arXiv 1711.05101. Default: 0.9. */
  readonly adamBeta1: number;
  /** Decay of AdamW's second moment, in [0, 1). Default: 0.999. */
  readonly adamBeta2: number;
  /** Decoupled weight decay of AdamW, in [0, 1]. Default: 0.01. */
  readonly adamWeightDecay: number;
  /** Added to the root of the second moment, in (0, 1]. Default: 1e-8. */
  readonly adamEpsilon: number;
  /** Whether the norm of the gradient is limited. Default: true. */
  readonly clipGrad: boolean;
  /** Greatest norm of the gradient, in (0, 1e9]. Default: 1. */
  readonly maxGradNorm: number;
  /** How the picture is enlarged to the teacher's size. Default: "bilinear". */
  readonly resizeMode: "nearest" | "bilinear" | "area" | "nearest-exact";
  /** Factor of the FFT loss, in [0, 1e6]; 0 switches it off. Default: 5. */
  readonly fftScale: number;
  /** Factor of the total-variation loss, in [0, 1e6]; 0 switches it off. Default: 0. */
  readonly tvScale: number;
  /** Norm of the total-variation loss. Default: "l1", which is SD-piXL's. */
  readonly tvMode: "l1" | "l2";
  /** Factor of the Laplacian loss, in [0, 1e6]; 0 switches it off. Default: 0. */
  readonly laplacianScale: number;
  /** Standard deviation of the Laplacian's Gaussian in pixels, in (0, 10]. Default: 0.75. */
  readonly laplacianSigma: number;
  /**
   * Side of the Laplacian's square of weights in pixels, odd integer in [3, 31], less than twice
   * the picture's shorter side. Default: 5.
   */
  readonly laplacianKernel: number;
  /** Norm of the Laplacian loss. Default: "l1". */
  readonly laplacianMode: "l1" | "l2";
  /**
   * Factor of the loss between the Sobel edges of the picture and those of the image that the run
   * begins with, in [0, 1e6]; 0 switches it off. Default: 0.
   */
  readonly gradientLossScale: number;
  /** Factor of the bilateral loss, in [0, 1e6]; 0 switches it off. Default: 0. */
  readonly bilateralScale: number;
  /** Standard deviation of the bilateral loss in color, in (0, 1e6]. Default: 1. */
  readonly bilateralSigmaColor: number;
  /** Standard deviation of the bilateral loss in pixels, in (0, 1e6]. Default: 1. */
  readonly bilateralSigmaSpace: number;
  /**
   * Greatest distance of the bilateral loss along a side in pixels, integer in [1, 32], less than
   * the picture's shorter side. Default: 3.
   */
  readonly bilateralMaxDistance: number;
  /** Random changes of the picture before the teacher sees it. */
  readonly augmentation: AugmentationConfig;
}

/** The teacher, and how it draws the image that a run without input image begins with. */
export interface DiffusionConfig {
  /**
   * The teacher: "mini" is built in; "sdxl", "ssd1b" and "owner/name" are of the Hugging Face Hub;
   * else a folder or URL in diffusers layout. Default: "mini".
   */
  readonly modelId: string;
  /**
   * Another autoencoder: "taesdxl", "vae-16-fix" or "owner/name" of the Hub, a folder or a URL;
   * null means the teacher's own. Default: null.
   */
  readonly vaeId: string | null;
  /**
   * Precision of UNet, ControlNets and text encoders: floats of 32 or 16 bits, or weights of 8 or 4
   * bits. "auto" is fp16 on a GPU that can, else fp32. The autoencoder stays fp32. Default: "auto".
   */
  readonly precision: "auto" | "fp32" | "fp16" | "q8" | "q4";
  /**
   * LoRA weights, with commas between: safetensors files, folders, or "owner/name" of the Hub,
   * which "owner/name:file.safetensors" names a file of; null means none. Default: null.
   */
  readonly loraPath: string | null;
  /** Factor of the LoRA weights, of each of them, in [-10, 10]. Default: 1. */
  readonly loraScale: number;
  /** Of SD-piXL (torch.compile); has no meaning here. Default: false. */
  readonly ldmSpeedUp: boolean;
  /** Of SD-piXL (xformers); has no meaning here. Default: false. */
  readonly enableXformers: boolean;
  /** Of SD-piXL (gradient checkpointing); has no meaning here. Default: false. */
  readonly gradientCheckpoint: boolean;
  /** Sampler of the first image. Default: "ddim". */
  readonly sampler: "ddim" | "euler";
  /** Steps of the sampler, integer in [1, 1000]. Default: 8. */
  readonly numInferenceSteps: number;
  /**
   * Classifier-free guidance of the sampler, in [0, 100]. The fewer the steps, the less it bears:
   * with much, colors glare and shapes fall apart. Default: 3.
   */
  readonly guidanceScale: number;
  /**
   * Images that are drawn to choose from, integer in [1, 100]. The teacher judges the pictures that
   * the run would begin with. Default: 4.
   */
  readonly numReferences: number;
  /**
   * Folder or URL of a CLIP in transformers layout, which chooses among the images; null means that
   * the teacher itself does. Default: null.
   */
  readonly clipId: string | null;
}

/** What keeps the picture near the edges of the input image. */
export interface ControlnetConfig {
  /** Whether ControlNets run. They also need an image. Default: true. */
  readonly useControlnet: boolean;
  /**
   * Kinds of the ControlNets: "canny" or "depth", with SD-piXL's "_small", "_mid" and "_full"
   * allowed; or their places, whose names tell the kind: owner/name, a folder or a URL. Default:
   * ["canny"].
   */
  readonly modelsId: readonly string[];
  /** Factor of each ControlNet, each in [0, 10]; as many as `modelsId`. Default: [0.15]. */
  readonly controlnetConditioningScale: readonly number[];
  /**
   * The network that sees depth, if a ControlNet follows it: owner/name of the Hugging Face Hub, a
   * folder or a URL, in transformers' layout. It is a Depth Anything or a hybrid DPT; SD-piXL's is
   * "Intel/dpt-hybrid-midas". Default: "depth-anything/Depth-Anything-V2-Small-hf".
   */
  readonly depthModelId: string;
  /** Weak edges of Canny: least gradient, in [0, 2000]. Default: 100. */
  readonly cannyThreshold1: number;
  /** Strong edges of Canny: least gradient, in [0, 2000]. Default: 200. */
  readonly cannyThreshold2: number;
  /** Whether the image is blurred before its edges are sought. Default: true. */
  readonly cannyBlur: boolean;
  /** Radius of that blur in pixels, in [0, 100]. Default: 1. */
  readonly cannyBlurRadius: number;
  /** Share of diffusion time, in [0, 1], from which ControlNets act. Default: 0. */
  readonly controlGuidanceStart: number;
  /** Share of diffusion time, in [0, 1], up to which ControlNets act. Default: 1. */
  readonly controlGuidanceEnd: number;
}

/** Captions of the input image. */
export interface CaptionConfig {
  /**
   * The captioning model: a BLIP of the Hub ("owner/name"), a folder or a URL in transformers
   * layout. SD-piXL's own, a BLIP-2, cannot be used. Default: "Salesforce/blip2-opt-2.7b".
   */
  readonly blipModelId: string;
  /** Least length in tokens, integer. Default: 20. */
  readonly minNewTokens: number;
  /** Greatest length in tokens, integer, 1 or more. Default: 75. */
  readonly maxNewTokens: number;
  /** Words that the caption begins with. Default: "". */
  readonly query: string;
  /**
   * Captions that are pursued at once, integer in [1, 16]; 1 takes the likeliest word each time.
   * Default: 1.
   */
  readonly numBeams: number;
  /** Of SD-piXL; special tokens are always left out. Default: true. */
  readonly skipSpecialTokens: boolean;
}

/** Score distillation. Source: Binninger & Sorkine-Hornung 2024, arXiv 2410.06236. */
export interface SdConfig {
  /** Classifier-free guidance of the score, in [0, 1000]. Default: 10. */
  readonly guidanceScale: number;
  /** Factor of the score's gradient, in [0, 1e6]. Default: 1. */
  readonly gradScale: number;
  /** Least timestep, as a share of the schedule, in [0, 1]. Default: 0.02. */
  readonly tMin: number;
  /** Greatest timestep, as a share of the schedule, in [0, 1]. Default: 0.98. */
  readonly tMax: number;
  /** "bounded_max": where the greatest timestep ends, as a share of the schedule. Default: 0.8. */
  readonly tBoundMax: number;
  /** "bounded_max": share of the steps after which it is there. Default: 0.5. */
  readonly tBoundReached: number;
  /**
   * How timesteps are drawn: "uniform" in [tMin, tMax]; "linear" from tMax down to tMin;
   * "bounded_max" uniform below a falling maximum; "linear_falling" uniform within `tWindow` of a
   * line from `tStart` to `tEnd`. Default: "linear_falling".
   */
  readonly samplingMethodT: "uniform" | "linear" | "bounded_max" | "linear_falling";
  /**
   * "linear_falling": timestep at the first step, as a share of the schedule, in [0, 1]. Default:
   * 0.6.
   */
  readonly tStart: number;
  /**
   * "linear_falling": timestep at the last step, as a share of the schedule, in [0, 1]. Default:
   * 0.2.
   */
  readonly tEnd: number;
  /**
   * "linear_falling": greatest distance from the line, as a share of the schedule, in [0, 1].
   * Default: 0.05.
   */
  readonly tWindow: number;
  /**
   * Side of the teacher's image in pixels, about; null means the teacher's own. Another aspect
   * ratio than a square's gets about the same area. Default: null.
   */
  readonly imSize: number | null;
  /** Weight of a timestep: 1 - cumulative alpha, or 1. Default: "cumprod". */
  readonly wMode: "cumprod" | "constant";
}

/**
 * All that a run depends on besides the files that it names.
 *
 * In YAML the keys are SD-piXL's, in snake_case: `generator.image_H` is `generator.imageH` here.
 * Source of keys and meanings: https://github.com/AlexandreBinninger/SD-piXL, config/config.yaml.
 */
export interface RunConfig {
  /** The preset that fills what nobody set. Default: "standard". */
  readonly preset: "draft" | "standard" | "max" | "paper";
  /** Seed of all randomness, integer in [0, 2^32). Default: 0. */
  readonly seed: number;
  /**
   * Path of the input image; null means that the teacher draws one from the prompt. Default: null.
   */
  readonly image: string | null;
  /** Whether a caption of the input image takes the place of the prompt. Default: false. */
  readonly automaticCaption: boolean;
  /** Longer side of the enlarged copy in pixels, about; integer in [0, 8192]. Default: 512. */
  readonly savingResize: number;
  /** What the picture shows. Default: "". */
  readonly prompt: string;
  /** What the picture must not show. Default: "". */
  readonly negativePrompt: string;
  /** Folder under which runs make their own. Default: "workdir". */
  readonly output: string;
  /** What runs the networks. Default: "auto". */
  readonly runtime: "auto" | "webgpu" | "wasm" | "native";
  /**
   * Pictures of one call that are made at once, at most; integer in [0, 64]. 0 is as many as are
   * worth it and fit into memory. Default: 0.
   */
  readonly batch: number;
  /** The picture. */
  readonly generator: GeneratorConfig;
  /** The optimization. */
  readonly training: TrainingConfig;
  /** The teacher. */
  readonly diffusion: DiffusionConfig;
  /** The ControlNets. */
  readonly controlnet: ControlnetConfig;
  /** Captions. */
  readonly caption: CaptionConfig;
  /** Score distillation. */
  readonly sd: SdConfig;
}
