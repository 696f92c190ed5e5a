import type { Command } from "./flag.ts";

const GENERATE = `
Underscores work, too, as in SD-piXL: --input_image. All other flags of SD-piXL are accepted; those
without effect give a note.

Examples:
  deno task generate --prompt "orc warrior" --palette sweetie-16 --size 32,32
  deno task generate --prompt "a cat" --palette pico-8 --size 48,32 --seed 7
  deno task generate --prompt "a dragon" --input-image dragon.png --palette my_colors.hex
  deno task generate --prompt "a cat" --make-video --video-size 256,256 --fps 24
  deno task generate --prompt "a cat" --make-video --video-format mp4,gif
  deno task generate --prompt "a cat" --prompt "a dog" --palette pico-8 --variations 4
  deno task generate --config my.yaml --set training.steps=300 --set sd.guidance_scale=15
  deno task generate --resume workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16

Several pictures share one teacher and are made in batches: up to 16 on a GPU and 4 on a CPU. Their
folder has index.json and contact_sheet.png, with the best score first. The score tells how much
better the teacher predicts noise in the picture with the prompt than without it.

A config file, and the config of a resumed run, may name inputs in the working folder or beside the
config file. All other files, web addresses, outputs elsewhere and the native runtime must be typed
as flags.

Ctrl-C stops early: the picture so far and a checkpoint are written. A second Ctrl-C exits.

Exit codes: 0 done; 1 the work failed; 2 a flag, key, value or name is wrong; 130 stopped by Ctrl-C.`;

const LAYERS = `
Examples:
  deno task layers workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16
  deno task layers run/checkpoint_50.safetensors --factor 16 --output layers
  deno task layers run --palette my_colors.hex

A palette with as many colors replaces the colors one by one. With any other palette, each color
becomes the nearest one.`;

const VIDEO = `
The frames are the intermediate pictures in png_logs and the final picture. A run keeps one every
training.save_steps steps. video_saved_hard shows the picture, video_saved_soft the color mixture.
If --output names a file, it shows the picture. Each pixel becomes a square. Colors are exact in
GIF and APNG, and as close as H.264 allows in MP4. A GIF holds palette colors only, so it has no
mixture.

Examples:
  deno task generate --prompt "a cat" --steps 200 --set training.save_steps=5
  deno task video workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16
  deno task video run --format gif --video-size 256,256 --fps 12
  deno task video run --format mp4,apng --output videos
  deno task video run --output cat.gif`;

const PALETTES = `
Examples:
  deno task palettes
  deno task palettes sweetie-16 pico-8
  deno task palettes my_palettes --sort hue --html --output sheets
  deno task palettes sweetie-16 --export gpl,ase,act
  deno task palettes sprite.png --export hex`;

const PIXELIZE = `
Makes pixel art of images by size and palette alone: no teacher, no GPU. Without --size, pixel art
keeps its size, and other images get 64 pixels along the longer axis. Transparent parts stay
transparent. For a folder, all its images are used. Pixel art in the palette's colors comes back
bit for bit.

Examples:
  deno task pixelize photo.jpg --palette pico-8 --size 48,64
  deno task pixelize sprites --colors 12 --outline auto
  deno task pixelize photo.jpg --palette game-boy --dither bayer4
  deno task pixelize upscaled_sprite.png --detect`;

const EXPORT = `
png is indexed, with the palette in its order. aseprite is a sprite in indexed mode; --layers gives
each color a layer, --frames makes the pictures frames of one sprite. svg has one path per color.

Examples:
  deno task export workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16 --format svg
  deno task export a.png b.png c.png --format aseprite --frames --duration 120
  deno task export sprite.png --format png --scale 8 --output large`;

const SHEET = `
The pictures get one palette, and cells of the size of the largest. The JSON file beside the sheet
has the hash form of Aseprite and TexturePacker, which game engines read.

Examples:
  deno task sheet workdir/standard/*/ --output hero.png
  deno task sheet a.png b.png c.png --columns 3 --padding 1`;

const CRAFT = `
Each color becomes the nearest material; a note names what changed. Transparent pixels stay empty.
Writes a paged PDF with overview, legend and chart, the chart as PNG, a shopping list as CSV, and
for cross-stitch a file for other programs (.oxs). Beads: a page is a board of 29 x 29 pegs in true
scale; print at 100 %. Bricks: plates in one layer for a baseplate, as a model (.ldr) and as a
wanted list of BrickLink (.xml). Embroidery: files of machines (.dst, .pes, .exp, .vp3, .jef) with
their colors (.edr, .inf), one for each hoop of 100 x 100 mm, and an image of the stitches.

Examples:
  deno task craft beads workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16
  deno task craft beads sprite.png --palette perler --paper letter
  deno task craft beads sprite.png --inventory my_beads.csv
  deno task craft bricks sprite.png
  deno task craft cross-stitch sprite.png --fabric-count 16
  deno task craft cross-stitch sprite.png --palette my_threads.csv
  deno task craft cross-stitch sprite.png --makeable
  deno task craft embroidery sprite.png --max-colors 8`;

const VERIFY = `
Prints one line per tensor: name, maximum absolute error, relative error, and ok, FAIL or skipped.
Exits with 1 if a tensor fails.`;

const INSPECT = `
A model is a teacher, one of its networks (a UNet, an autoencoder, a text encoder), a ControlNet or
a LoRA. Only configs and the headers of weights are read, also from the Hugging Face Hub. Each
tensor is counted as used, ignorable, unknown or missing. If Smalti cannot use the model, the reason
is printed and the exit code is 1.

Examples:
  deno task inspect pony.safetensors
  deno task inspect /data/sdxl
  deno task inspect stabilityai/stable-diffusion-xl-base-1.0
  deno task inspect nerijs/pixel-art-xl --json
  deno task inspect owner/name:file.safetensors`;

const RANDOM_TEACHER = `
Such a teacher measures time and memory; its pictures are noise. SDXL takes 6.8 GB on disk, Stable
Diffusion 1.5 (sd15) 2.1 GB, and tiny-sd15 4 MB.

Examples:
  deno task random-teacher mini workdir/random-mini
  deno task random-teacher sd15 /data/random-sd15 --controlnet canny
  deno task random-teacher sdxl /data/random-sdxl --controlnet canny_mid --controlnet depth_mid
  deno task generate --model /data/random-sdxl --prompt "a cat" --steps 3`;

const WORKER = `
A worker takes jobs that deno task generate --queue adds, one at a time, and writes their pictures
to the store: results/<id>/final_argmax.png and others, result.json last. If a worker ends in any
way, another one continues from its last saved state, and the picture has the same bits. Start one
worker or more for each GPU. Ctrl-C gives the job in progress back.

A job names no files, and no models but those of --model.

Examples:
  deno task worker --queue redis://127.0.0.1:6379 --store results
  deno task worker --queue redis://10.0.0.5:6379 --store s3+https://minio.local/sprites
  deno task worker --queue redis://10.0.0.5:6379 --store /mnt/results --model sdxl --model mini`;

const QUEUE = `
Actions:
  status           numbers of jobs, and those that were set aside with the reason
  cancel <id …>    removes waiting jobs, and stops those in progress
  retry <id …>     puts jobs that were set aside into the queue again

Examples:
  deno task queue status --queue redis://127.0.0.1:6379
  deno task queue cancel p6f1c… --queue redis://127.0.0.1:6379`;

const STUDIO = `
Prints the address of the page, which only browsers on this machine can open: it holds a secret.
Runs continue when the page is closed. Ctrl-C closes the studio; runs are stopped after their step,
and can be continued.

Examples:
  deno task studio
  deno task studio --output pictures --port 8000
  deno task studio --model sdxl --download`;

/** All commands. */
export const COMMANDS: readonly Command[] = [
  { name: "generate", help: "Makes a picture, or several.", arguments: [], notes: GENERATE },
  {
    name: "layers",
    help: "Writes an image of each color of a run, and its argmax and softmax images.",
    arguments: [{
      name: "source",
      count: "optional",
      path: "read",
      help: "a run's folder, or a checkpoint_<step>.safetensors",
    }],
    notes: LAYERS,
  },
  {
    name: "video",
    help: "Makes a video of the intermediate pictures of a run.",
    arguments: [{ name: "folder", count: "one", path: "read", help: "a run's folder" }],
    notes: VIDEO,
  },
  {
    name: "palettes",
    help: "Shows palettes in the terminal and on a PNG sheet.",
    arguments: [{
      name: "source",
      count: "many",
      path: "read",
      help: "built-in names, palette files or folders (default: all built-in palettes)",
    }],
    notes: PALETTES,
  },
  {
    name: "pixelize",
    help: "Turns images into pixel art, without a teacher.",
    arguments: [{
      name: "image",
      count: "many",
      path: "read",
      help: "image files, or folders of them",
    }],
    notes: PIXELIZE,
  },
  {
    name: "export",
    help: "Writes finished pictures as files of other programs.",
    arguments: [{
      name: "source",
      count: "many",
      path: "read",
      help: "folders of runs, or image files with at most 256 colors",
    }],
    notes: EXPORT,
  },
  {
    name: "sheet",
    help: "Packs finished pictures on a sprite sheet.",
    arguments: [{
      name: "source",
      count: "many",
      path: "read",
      help: "folders of runs, or image files with at most 256 colors",
    }],
    notes: SHEET,
  },
  {
    name: "craft",
    help: "Writes a pattern of a picture for beads, cross-stitch, bricks or embroidery.",
    arguments: [
      { name: "kind", count: "one", help: "beads, cross-stitch, bricks or embroidery" },
      {
        name: "source",
        count: "one",
        path: "read",
        help: "a run's folder, or an image file with at most 256 colors",
      },
    ],
    notes: CRAFT,
  },
  {
    name: "verify",
    help: "Compares networks and kernels on this machine with reference tensors.",
    arguments: [{
      name: "folder",
      count: "optional",
      path: "read",
      help: "folder of safetensors files beside a teacher (default: the project's own)",
    }],
    notes: VERIFY,
  },
  {
    name: "inspect",
    help: "Tells what a file or folder of weights is, and whether it can be used.",
    arguments: [{
      name: "model",
      count: "one",
      help: "a .safetensors file, a folder, or owner/name on the Hugging Face Hub",
    }],
    notes: INSPECT,
  },
  {
    name: "random-teacher",
    help: "Writes a teacher with random weights in the size and structure of a known one.",
    arguments: [
      { name: "kind", count: "one", help: "sdxl, ssd1b, sd15, sd21, mini or tiny-sd15" },
      { name: "folder", count: "one", path: "write", help: "where its files go" },
    ],
    notes: RANDOM_TEACHER,
  },
  {
    name: "worker",
    help: "Makes the pictures of a queue's jobs.",
    arguments: [],
    notes: WORKER,
  },
  {
    name: "queue",
    help: "Shows the jobs of a queue, cancels them, or tries them again.",
    arguments: [
      { name: "action", count: "one", help: "status, cancel or retry" },
      { name: "id", count: "many", help: "ids of jobs" },
    ],
    notes: QUEUE,
  },
  {
    name: "studio",
    help: "Opens a page in the browser: make, watch and finish pictures there.",
    arguments: [],
    notes: STUDIO,
  },
];
