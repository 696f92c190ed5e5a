import type { Flag } from "./flag.ts";

/** The flags of `generate` that say which colors and pixels a picture may have. */
export const LOOK_FLAGS = [
  {
    name: "--colors",
    commands: ["generate"],
    value: "number",
    settings: (value) => ({
      "generator.initialization_method": "kmeans",
      "generator.kmeans_nb_colors": value,
      "generator.kmeans_space": "oklab",
    }),
    help: "make a palette of this many colors, by k-means in OKLab, from the input image or from " +
      "the teacher's sample",
  },
  {
    name: "--distance",
    commands: ["generate"],
    value: "name",
    key: "generator.color_distance",
    help: "how colors are matched: srgb, oklab or ciede2000 (default: srgb)",
  },
] as const satisfies readonly Flag[];
