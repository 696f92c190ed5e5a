import type { CommandName, Flag } from "./flag.ts";
import { drawSeed, parseSize } from "./parse_values.ts";
import { CRAFT_FLAGS } from "./craft_flags.ts";
import { LOOK_FLAGS } from "./look_flags.ts";
import { PICTURE_FLAGS } from "./picture_flags.ts";
import { QUEUE_FLAGS } from "./queue_flag_table.ts";
import { SD_PIXL_FLAGS } from "./sd_pixl_flags.ts";

/**
 * All flags, one entry each. The table feeds the parser, the help, the types of flags, the config
 * and the permissions.
 */
export const FLAGS = [
  ...CRAFT_FLAGS,
  {
    name: "--prompt",
    aliases: ["-pt", "-p"],
    commands: ["generate"],
    value: "text",
    isList: true,
    mayBeEmpty: true,
    key: "prompt",
    help: "what the picture shows (also -pt); repeat the flag for several pictures",
  },
  {
    name: "--negative-prompt",
    aliases: ["-npt"],
    commands: ["generate"],
    value: "text",
    mayBeEmpty: true,
    key: "negative_prompt",
    help: "what the picture must not show (also -npt)",
  },
  {
    name: "--palette",
    commands: ["generate"],
    value: "name|file",
    isList: true,
    key: "generator.palette",
    needs: "given palette",
    help: "a built-in palette, a palette file ({palette files}) or lospec:<slug>; see deno task " +
      "palettes; " +
      "repeat the flag for a picture in each",
  },
  {
    name: "--size",
    commands: ["generate"],
    value: "H,W",
    settings: (value) => {
      const [height, width] = parseSize(value, "--size");
      return { "generator.image_H": height, "generator.image_W": width };
    },
    help: "height and width of the picture in pixels, each from 8 to 256",
  },
  {
    name: "--input-image",
    commands: ["generate"],
    value: "file",
    key: "image",
    help: "image to start from; the picture follows its edges",
  },
  {
    name: "--strength",
    commands: ["generate"],
    value: "number",
    key: "diffusion.strength",
    needs: "new run",
    help:
      "how far the teacher may change the start picture, from 0 to 1; 0: not at all (default: " +
      "as the preset and the teacher choose)",
  },
  {
    name: "--fit",
    commands: ["generate"],
    value: "how",
    key: "generator.image_fit",
    needs: "input image",
    help: "how an image of another aspect ratio fits: crop, fit or pad (default: crop)",
  },
  {
    name: "--background",
    commands: ["generate"],
    value: "color",
    key: "generator.background",
    help: "behind transparent parts of the image: a hexadecimal color, a CSS name or a palette " +
      "index (default: auto, a palette color unlike the subject)",
  },
  {
    name: "--seed",
    aliases: ["-d"],
    commands: ["generate", "random-teacher"],
    value: "number",
    key: "seed",
    settings: (value) => ({ seed: value === "random" ? drawSeed() : value }),
    help: "a number, or random: the same seed gives the same result on the same machine",
  },
  {
    name: "--variations",
    commands: ["generate"],
    value: "number",
    help: "number of pictures for each prompt and palette, with consecutive seeds; also writes a " +
      "contact sheet",
  },
  {
    name: "--batch",
    commands: ["generate"],
    value: "number",
    key: "batch",
    needs: "several pictures",
    help: "maximum batch size (default: as many pictures as fit)",
  },
  {
    name: "--preset",
    aliases: ["--quality"],
    commands: ["generate"],
    value: "name",
    key: "preset",
    help: "draft, standard, max or paper (as SD-piXL, slow); default: standard",
  },
  {
    name: "--sampler",
    commands: ["generate"],
    value: "name",
    key: "diffusion.sampler",
    help: "how the teacher samples an image: ddim, euler, dpmpp_2m_karras, lcm or tcd " +
      "(default: by the teacher's kind)",
  },
  {
    name: "--steps",
    commands: ["generate"],
    value: "number",
    key: "training.steps",
    help: "number of optimizer steps",
  },
  {
    name: "--config",
    aliases: ["-c"],
    commands: ["generate"],
    value: "file.yaml",
    path: "read",
    help: "config file with SD-piXL's keys",
  },
  {
    name: "--set",
    commands: ["generate"],
    value: "key=value",
    isList: true,
    help: "set any key of the config, such as sd.guidance_scale=15; may be repeated",
  },
  {
    name: "--model",
    commands: ["generate", "studio"],
    value: "name|file|url",
    key: "diffusion.model_id",
    help: "the teacher: mini, sdxl, ssd1b, sd15, owner/name on the Hugging Face Hub, a folder in " +
      "diffusers layout, or a checkpoint in one .safetensors file (default: mini)",
  },
  {
    name: "--lora",
    commands: ["generate"],
    value: "file|folder|owner/name",
    key: "diffusion.lora_path",
    help: "LoRA weights for the teacher; several with commas between",
  },
  {
    name: "--download",
    commands: ["generate", "studio"],
    needs: "Hub",
    help: "download missing files of models on the Hub, and palettes of Lospec",
  },
  {
    name: "--force-download",
    commands: ["generate"],
    needs: "Hub",
    help: "download all files of models on the Hub again, at the newest commit",
  },
  {
    name: "--kmeans-nb-colors",
    aliases: ["-knc"],
    commands: ["generate"],
    value: "number",
    settings: (value) => ({
      "generator.initialization_method": "kmeans",
      "generator.kmeans_nb_colors": value,
    }),
    help: "SD-piXL's form of --colors, with k-means in sRGB",
  },
  {
    name: "--runtime",
    commands: ["generate", "studio", "verify"],
    value: "name",
    key: "runtime",
    help: "what runs the networks: auto, webgpu, wasm or native (default: auto)",
  },
  {
    name: "--output",
    aliases: ["-o", "-respath", "--results-path", "--save-dir"],
    commands: ["generate", "studio"],
    value: "folder",
    key: "output",
    needs: "new run",
    help: "folder in which the run creates its own folder (default: workdir)",
  },
  {
    name: "--port",
    commands: ["studio"],
    value: "number",
    help: "port of the page on this machine (default: 7860)",
  },
  {
    name: "--resume",
    commands: ["generate"],
    value: "folder|checkpoint",
    help: "continue a stopped run in its folder",
  },
  {
    name: "--make-video",
    aliases: ["-mv"],
    commands: ["generate"],
    help: "also write videos: video_hard of the picture, video_soft of the color mixture",
  },
  {
    name: "--video-frame-freq",
    aliases: ["-frame_freq"],
    commands: ["generate"],
    value: "steps",
    needs: "videos",
    help: "steps between two frames (default: 1)",
  },
  {
    name: "--video-size",
    commands: ["generate"],
    value: "H,W",
    needs: "videos",
    help: "height and width of the videos in pixels (default: 512,512)",
  },
  {
    name: "--fps",
    commands: ["generate"],
    value: "number",
    needs: "videos",
    help: "frames per second (default: 30)",
  },
  {
    name: "--video-format",
    commands: ["generate"],
    value: "list",
    needs: "videos",
    help: "formats of the videos: {video formats}",
  },
  {
    name: "--score",
    commands: ["generate"],
    help: "also let the teacher score the picture, as it does with several; picture.json tells it",
  },
  {
    name: "--tensorboard",
    commands: ["generate"],
    help: "also write metrics for TensorBoard; --verbose implies it",
  },
  {
    name: "--verbose",
    commands: ["generate"],
    help: "also show the memory plan, and write inputs and intermediate images",
  },
  {
    name: "--json",
    commands: ["generate", "inspect"],
    help: "print one JSON object per line, for programs",
  },
  {
    name: "--palette",
    commands: ["layers"],
    value: "name|file",
    path: "read",
    help: "other colors: a built-in palette or a palette file ({palette files})",
  },
  {
    name: "--output",
    aliases: ["-o", "--save-dir"],
    commands: ["layers"],
    value: "folder",
    path: "write",
    help: "folder of the layers (also --save-dir; default: layers, in the run's folder)",
  },
  {
    name: "--factor",
    commands: ["layers"],
    value: "number",
    help: "enlarge each pixel to a square of this size (default: 1)",
  },
  {
    name: "--format",
    commands: ["video"],
    value: "list",
    help: "formats of the videos: {video formats}",
  },
  {
    name: "--video-size",
    commands: ["video"],
    value: "H,W",
    help: "height and width in pixels, a whole multiple of the picture's (default: what fits " +
      "512,512)",
  },
  {
    name: "--fps",
    commands: ["video"],
    value: "number",
    help: "frames per second (default: 30, or fewer, so that the video lasts 3 s; at least 1)",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["video"],
    value: "file|folder",
    path: "write-file",
    help: "a file that ends in {video extensions}, or a folder (default: the run's)",
  },
  {
    name: "--sort",
    commands: ["palettes"],
    value: "by",
    help: "order of the swatches: hue, lightness or none (default: none)",
  },
  {
    name: "--html",
    commands: ["palettes"],
    help: "also write palettes.html, a page in one file",
  },
  {
    name: "--export",
    commands: ["palettes"],
    value: "list",
    help: "also write each palette in these formats: {palette formats}, or several with commas",
  },
  {
    name: "--output",
    aliases: ["-o"],
    commands: ["palettes"],
    value: "folder",
    path: "write",
    help: "where palettes.png and the exported files go (default: workdir)",
  },
  {
    name: "--controlnet",
    commands: ["random-teacher"],
    value: "id",
    isList: true,
    help: "also a ControlNet: canny_mid for SDXL, canny for sd15; may be repeated",
  },
  {
    name: "--debug",
    commands: [
      "generate",
      "layers",
      "video",
      "palettes",
      "pixelize",
      "export",
      "sheet",
      "craft",
      "verify",
      "inspect",
      "random-teacher",
      "worker",
      "queue",
    ],
    help: "print the stack of an error",
  },
  ...LOOK_FLAGS,
  ...PICTURE_FLAGS,
  ...QUEUE_FLAGS,
  ...SD_PIXL_FLAGS,
] as const satisfies readonly Flag[];

type Row = typeof FLAGS[number];
type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;
type PropertyOf<F extends Row> = F["name"] extends `--${infer Name}` ? Camel<Name> : never;
type ValueOf<F extends Row> = F extends { readonly value: string }
  ? F extends { readonly isList: true } ? readonly string[] : string
  : true;
type RowsOf<Name extends CommandName, F extends Row = Row> = F extends Row
  ? Name extends F["commands"][number] ? F : never
  : never;

/** The flags of a command as typed, by their name in camelCase; a switch is true. */
export type FlagsOf<Name extends CommandName> = {
  readonly [F in RowsOf<Name> as PropertyOf<F>]?: ValueOf<F>;
};

/** Lists the flags of a command. */
export function flagsOf(command: CommandName): readonly Flag[] {
  const all: readonly Flag[] = FLAGS;
  return all.filter(({ commands }) => commands.includes(command));
}
