import { splitList } from "../../text/split_list.ts";
import type { Flag } from "./flag.ts";

/** The flags of `generate` that say which colors and pixels a picture may have. */
export const LOOK_FLAGS = [
  {
    name: "--frames",
    commands: ["generate"],
    value: "a; b; c",
    help: "frames of one subject, by prompts or images: same noise and palette, little flicker; " +
      "also writes a sheet, a GIF and an .aseprite file with a tag for each; see --fps",
  },
  {
    name: "--transparent",
    commands: ["generate"],
    settings: () => ({ "generator.transparent": true }),
    help: "cut the background out: it becomes transparent in all files; the alpha of an input " +
      "image is its mask",
  },
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
  {
    name: "--symmetry",
    commands: ["generate"],
    value: "how",
    key: "constraint.symmetry",
    help: "x (left and right are mirror images), y (top and bottom), xy or rotate4 (the picture " +
      "looks the same when turned by 90 degrees)",
  },
  {
    name: "--tile",
    commands: ["generate"],
    value: "how",
    key: "constraint.tile",
    help: "x, y or xy: copies of the picture join side by side, above each other, or both; also " +
      "writes final_tiles.png with 2x2 copies",
  },
  {
    name: "--max-colors",
    commands: ["generate"],
    value: "number",
    key: "constraint.max_colors",
    help: "max number of the palette's colors in the picture",
  },
  {
    name: "--lock-colors",
    commands: ["generate"],
    value: "colors",
    needs: "limited colors",
    settings: (value) => ({ "constraint.lock_colors": splitList(value) }),
    help: "palette colors that --max-colors never drops: indices or colors with commas between",
  },
  {
    name: "--exclude-colors",
    commands: ["generate"],
    value: "colors",
    settings: (value) => ({ "constraint.exclude_colors": splitList(value) }),
    help: "palette colors that no pixel takes: indices or colors with commas between",
  },
  {
    name: "--mask",
    commands: ["generate"],
    value: "file",
    key: "constraint.mask",
    needs: "input image",
    help: "image that is white where the input image may change; the rest stays",
  },
  {
    name: "--keep",
    commands: ["generate"],
    value: "file",
    key: "constraint.keep",
    help: "image of the picture's size in the palette's colors; its opaque pixels stay",
  },
  {
    name: "--importance",
    commands: ["generate"],
    value: "file",
    key: "constraint.importance",
    help: "image whose brightness says how much the likeness of each pixel counts, where colors " +
      "are chosen and how far an edit goes",
  },
  {
    name: "--dither",
    commands: ["generate"],
    value: "pattern",
    key: "finish.dither",
    help: "ordered dithering: bayer2, bayer4, bayer8, blue-noise or none (default: none)",
  },
  {
    name: "--dither-strength",
    commands: ["generate"],
    value: "number",
    key: "finish.dither_strength",
    needs: "dithering",
    help: "from 0 to 1 (default: 1)",
  },
  {
    name: "--outline",
    commands: ["generate"],
    value: "color",
    key: "finish.outline",
    help: "outline of one pixel around the opaque part of a --transparent picture: a color, or " +
      "auto for the darkest",
  },
  {
    name: "--no-antialias",
    commands: ["generate"],
    settings: () => ({ "finish.antialias": false }),
    help: "no pixel on the edge of two areas has a color between theirs",
  },
] as const satisfies readonly Flag[];
