import type { KeySpecs } from "./key_spec.ts";

/** Keys of what is done to a picture that is complete otherwise. */
export const FINISH_KEYS = {
  dither: {
    default: "none",
    choices: {
      "none": "each pixel takes the nearest color",
      "bayer2": "a pattern of 2 x 2 pixels",
      "bayer4": "one of 4 x 4",
      "bayer8": "one of 8 x 8",
      "blue-noise": "no visible pattern",
    },
    isNew: true,
    doc: "Ordered dithering: neighboring pixels mix colors that the palette lacks; of the first " +
      "picture, and of the last one of each edit",
  },
  ditherStrength: {
    default: 1,
    range: "[0, 1]",
    isNew: true,
    doc: 'How much "dither" mixes; 0: the nearest colors',
  },
  outline: {
    default: "none",
    isNew: true,
    doc: "Outline of one pixel around the opaque part of a transparent picture: none, auto (the " +
      "darkest color), a hexadecimal color or a CSS name; the nearest palette color is taken",
  },
  antialias: {
    default: true,
    isNew: true,
    doc: "Whether a pixel on the edge of two areas may have a color between theirs; false: it " +
      "takes the nearer one",
  },
  makeable: {
    default: "none",
    choices: {
      "none": "as the teacher has it",
      "beads": "beads are added where the picture would fall apart, at most three at a place",
      "cross-stitch": "cells get the color of a neighbor where that is similar enough",
      "bricks": "the same",
      "embroidery": "the same",
    },
    isNew: true,
    doc:
      "Craft by which the picture is easier to make: each sample, before the teacher chooses one, " +
      "and each picture that the teacher predicts in an edit",
  },
} as const satisfies KeySpecs;
