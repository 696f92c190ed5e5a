import type { KeySpecs } from "./key_spec.ts";

/** Keys of the picture: its size, its palette, its first logits and how they become colors. */
export const GENERATOR_KEYS = {
  imageH: {
    default: 32,
    range: "[8, 256]",
    integer: true,
    doc: "Height of the picture in pixels",
  },
  imageW: {
    default: 32,
    range: "[8, 256]",
    integer: true,
    doc: "Width of the picture in pixels",
  },
  imageFit: {
    default: "crop",
    choices: {
      crop: "cut off both ends of the longer axis",
      fit: "keep all of it, and fill up with the color of its border",
      pad: "keep all of it, and fill up with the background, white if it is opaque",
    },
    isNew: true,
    doc: "How an input image of another aspect ratio fills the picture",
  },
  background: {
    default: "auto",
    isNew: true,
    doc: "Color behind transparent parts of an input image: a hexadecimal color, a CSS name or a " +
      "palette index; auto: the palette color most unlike the image's subject",
  },
  transparent: {
    default: false,
    isNew: true,
    doc: "Whether the background is transparent: one more class beside the palette's colors. The " +
      "alpha of an input image is its mask; else a plain background is cut out",
  },
  std: {
    default: 1,
    range: "[0, 100]",
    doc: "Standard deviation of the first logits if they are noise",
  },
  initializeRenderer: {
    default: true,
    doc:
      "Whether the first logits come from an image, the input image or a sample of the teacher; " +
      "false: they are noise",
  },
  initializationMethod: {
    default: null,
    null: "palette-kmeans for an input image, palette-area for a sample of the teacher",
    choices: {
      "kmeans": "majority vote among colors that k-means finds; they become the palette",
      "palette": "majority vote of the nearest palette colors",
      "nearest": "one image pixel per picture pixel; their colors become the palette",
      "palette-bilinear": "downsample the image, then compare it with the palette (SD-piXL)",
      "palette-nearest": "one image pixel per picture pixel, compared with the palette",
      "palette-kmeans":
        "majority vote among colors that k-means finds, each replaced by a palette " +
        "color so that adjacent areas stay distinct (new)",
      "palette-area": "mean of each area, its nearest palette color, orphan pixels cleaned (new)",
    },
    doc: "How the image becomes logits",
  },
  antialias: {
    default: true,
    isNew: true,
    doc: 'Whether "palette-bilinear" averages all image pixels when it downsamples; false: it ' +
      "interpolates between four of them, as SD-piXL does",
  },
  kmeansNbColors: {
    default: 6,
    range: "[2, 256]",
    integer: true,
    doc: 'Number of colors of the palette that "kmeans" makes',
  },
  kmeansSpace: {
    default: "srgb",
    choices: {
      srgb: "as SD-piXL does",
      oklab: "a space in which equal distances look equal",
    },
    isNew: true,
    doc: 'Color space in which "kmeans" measures distances',
  },
  colorDistance: {
    default: "srgb",
    choices: {
      srgb: "the distance in sRGB",
      oklab: "the distance in OKLab",
      ciede2000: "CIEDE2000, as culori computes it",
    },
    isNew: true,
    doc:
      "By which distance image colors are matched to palette colors, at the start and in edits; " +
      'the logits of "palette-bilinear" and "palette-nearest" follow init_distance instead',
  },
  initDistance: {
    default: "l1",
    choices: ["cosine_similarity", "l1", "l2", "zero", "random"],
    doc: 'Distance between image colors and palette colors; "zero" and "random" ignore the image',
  },
  palette: {
    default: "sweetie-16",
    isPath: true,
    doc: "Name of a built-in palette, or path of a palette file",
  },
  inventory: {
    default: null,
    null: "as many pixels of each color as the picture takes",
    isPath: true,
    isNew: true,
    doc:
      "Path of a CSV file with the columns code and count: the first picture and all edits have at " +
      "most so many pixels of each color; it needs training.steps 0",
  },
  gradientMap: {
    default: true,
    isNew: true,
    oldNames: ["tone_mapping"],
    doc:
      "Whether the image is mapped by lightness to the palette if all colors of the palette have " +
      'one hue, as those of "game-boy"',
  },
  softmaxRegularizer: {
    default: 1,
    range: "(0, 1000]",
    doc: "Factor of the norm of the first logits if they come from an image",
  },
  smoothSoftmax: {
    default: true,
    doc:
      "Whether a step mixes the palette colors; false: it takes the most likely color, with the " +
      "straight-through gradient",
  },
  gumbel: {
    default: true,
    doc: "Whether each step adds Gumbel noise to the logits",
  },
  tau: {
    default: 1,
    range: "(0, 10]",
    doc: "Temperature of the Gumbel-softmax (arXiv 1611.01144, Eq. 2)",
  },
  orphanMargin: {
    default: 0.5,
    range: "[0, 100]",
    isNew: true,
    oldNames: ["stray_margin"],
    doc:
      "Orphan pixels, unlike all four neighbors, take the most likely color of a neighbor if its " +
      "logit is lower by less than this; 0: never",
  },
} as const satisfies KeySpecs;
