import type { KeySpecs } from "./key_spec.ts";

/** Keys of what the picture obeys besides its grid and its palette. */
export const CONSTRAINT_KEYS = {
  symmetry: {
    default: "none",
    choices: {
      none: "no symmetry",
      x: "left and right are mirror images",
      y: "top and bottom are mirror images",
      xy: "both",
      rotate4: "the picture looks the same when turned by 90 degrees; it must be a square",
    },
    isNew: true,
    doc: "Symmetry of the picture",
  },
  tile: {
    default: "none",
    choices: {
      none: "copies do not join",
      x: "copies join side by side",
      y: "copies join above each other",
      xy: "both",
    },
    isNew: true,
    doc: "How copies of the picture join without a seam, while the teacher samples and edits it",
  },
  maxColors: {
    default: null,
    null: "all colors of the palette",
    range: "[1, 256]",
    integer: true,
    isNew: true,
    doc: "Max number of colors of the picture; which ones, is chosen again at each edit step",
  },
  lockColors: {
    default: [],
    isNew: true,
    doc: 'Colors of the palette that "max_colors" never drops: hexadecimal colors, CSS names or ' +
      "palette indices",
  },
  excludeColors: {
    default: [],
    isNew: true,
    doc: "Colors of the palette that no pixel takes: hexadecimal colors, CSS names or palette " +
      "indices",
  },
  mask: {
    default: null,
    null: "all pixels may change",
    isPath: true,
    isNew: true,
    doc: "Path of an image that is white where the picture may change, black where it keeps the " +
      "pixels of the input image",
  },
  keep: {
    default: null,
    null: "no pixel is given",
    isPath: true,
    isNew: true,
    doc: "Path of an image of the picture's size in the palette's colors; its opaque pixels stay",
  },
  importance: {
    default: null,
    null: "all pixels count alike",
    isPath: true,
    isNew: true,
    doc: "Path of an image whose brightness is the weight of each pixel where the errors of " +
      "several pixels are added: in the choice of colors, in the color of mirrored pixels and " +
      "in the choice of the strength; steps of distillation change dark pixels less",
  },
} as const satisfies KeySpecs;
