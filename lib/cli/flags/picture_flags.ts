import type { Flag } from "./flag.ts";

/** The flags of the commands that need no teacher: `pixelize`, `export`, `sheet` and `craft`. */
export const PICTURE_FLAGS = [
  {
    name: "--palette",
    commands: ["pixelize"],
    value: "name|file",
    path: "read",
    help: "a built-in palette or a palette file ({palette files})",
  },
  {
    name: "--download",
    commands: ["pixelize", "palettes"],
    help: "download palettes of Lospec (lospec:<slug>) that are not on this machine",
  },
  {
    name: "--colors",
    commands: ["pixelize"],
    value: "number",
    help: "take this many colors from each image instead (default: 16)",
  },
  {
    name: "--size",
    commands: ["pixelize"],
    value: "H,W",
    help: "height and width of the picture in pixels, each from 1 to 1024",
  },
  {
    name: "--fit",
    commands: ["pixelize"],
    value: "how",
    help: "how an image of another aspect ratio fits: crop, fit or pad (default: crop)",
  },
  {
    name: "--background",
    commands: ["pixelize"],
    value: "color",
    help:
      "fills transparent parts: a hexadecimal color, a CSS name, a palette index, or auto for " +
      "a palette color unlike the subject",
  },
  {
    name: "--detect",
    commands: ["pixelize"],
    help: "find the grid of pixel art that was enlarged, by any factor, and restore its pixels",
  },
  {
    name: "--distance",
    commands: ["pixelize"],
    value: "name",
    help: "how colors are matched: srgb, oklab or ciede2000 (default: srgb)",
  },
  {
    name: "--dither",
    commands: ["pixelize"],
    value: "pattern",
    help: "ordered dithering: bayer2, bayer4, bayer8, blue-noise or none (default: none)",
  },
  {
    name: "--dither-strength",
    commands: ["pixelize"],
    value: "number",
    help: "from 0 to 1 (default: 1)",
  },
  {
    name: "--outline",
    commands: ["pixelize"],
    value: "color",
    help: "draws an outline of one pixel around the opaque part: a color, or auto for the darkest",
  },
  {
    name: "--remove-orphans",
    commands: ["pixelize"],
    help: "removes pixels whose color none of their four neighbors has",
  },
  {
    name: "--no-antialias",
    commands: ["pixelize"],
    help: "no pixel on the edge of two areas has a color between theirs",
  },
  {
    name: "--scale",
    commands: ["pixelize"],
    value: "number",
    help: "factor of the enlarged copy; 1 writes none (default: about 512 pixels)",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["pixelize"],
    value: "folder",
    path: "write",
    help: "where the pictures go (default: workdir/pixelized)",
  },
  {
    name: "--format",
    commands: ["export"],
    value: "list",
    help: "png, aseprite or svg, or several with commas",
  },
  {
    name: "--layers",
    commands: ["export"],
    help: "gives each color a layer, in aseprite",
  },
  {
    name: "--frames",
    commands: ["export"],
    help: "makes the pictures frames of one sprite, in aseprite",
  },
  {
    name: "--duration",
    commands: ["export"],
    value: "ms",
    help: "time of a frame in milliseconds (default: 100)",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["export"],
    value: "folder",
    path: "write",
    help: "where the files go (default: workdir/exported)",
  },
  {
    name: "--columns",
    commands: ["sheet"],
    value: "number",
    help: "pictures in a row (default: as many as make the sheet nearly square)",
  },
  {
    name: "--padding",
    commands: ["sheet"],
    value: "pixels",
    help: "transparent pixels between the pictures (default: 0)",
  },
  {
    name: "--tileset",
    commands: ["sheet"],
    help: "also writes a tileset (.tsj) of Tiled, which engines such as Godot read",
  },
  {
    name: "--scale",
    commands: ["export", "sheet"],
    value: "number",
    help: "enlarges each pixel to a square of this size (default: 1)",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["sheet"],
    value: "file.png",
    path: "write-file",
    help: "the sheet; its JSON file gets the same name (default: workdir/sheet.png)",
  },
  {
    name: "--palette",
    commands: ["craft"],
    value: "name|file",
    path: "read",
    help:
      "the materials: hama, perler, artkal, nabbi, lego, dmc, brother, janome, isacord or a palette " +
      "file ({palette files}; default: hama for beads, dmc for cross-stitch, lego for bricks, " +
      "brother for embroidery)",
  },
  {
    name: "--max-colors",
    commands: ["craft"],
    value: "number",
    help: "use at most this many materials",
  },
  {
    name: "--inventory",
    commands: ["craft"],
    value: "file.csv",
    path: "read",
    help: "use only what you have: a CSV file with the columns code and count",
  },
  {
    name: "--paper",
    commands: ["craft"],
    value: "format",
    help: "a4 or letter (default: a4)",
  },
  {
    name: "--fabric-count",
    commands: ["craft"],
    value: "number",
    help: "stitches per inch of the fabric, for cross-stitch (default: 14)",
  },
  {
    name: "--board",
    commands: ["craft"],
    value: "number",
    help:
      "pegs or studs of a side of a board: 14, 29 or 58 for beads (default: 29), 16, 32 or 48 " +
      "for bricks (default: 16)",
  },
  {
    name: "--makeable",
    commands: ["craft"],
    help: "make it easier to make: add beads that hold parts together; elsewhere fewer, larger " +
      "regions of color",
  },
  {
    name: "--underlay",
    commands: ["craft"],
    help: "sew a sparse zigzag below each fill, for embroidery",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["craft"],
    value: "folder",
    path: "write",
    help: "where the files go (default: workdir/crafts)",
  },
] as const satisfies readonly Flag[];
