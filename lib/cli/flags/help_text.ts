/** Below the flags of `generate`. */
export const GENERATE_EXAMPLES = `
Flags may be written with underscores, as in SD-piXL: --input_image, --negative_prompt. All others
of its flags are taken too; what has no meaning here is said.

Examples:
  deno task generate --prompt "a castle on a blue background" --palette sweetie-16 --size 32,32
  deno task generate --prompt "a cat" --palette pico-8 --size 48,32 --seed 7
  deno task generate --prompt "a dragon" --input_image dragon.png --palette my_colors.hex
  deno task generate --prompt "a cat" --make_video --video_size 256,256 --fps 24
  deno task generate --prompt "a cat" --make_video --video_format mp4,gif
  deno task generate --prompt "a cat" --prompt "a dog" --palette pico-8 --variations 4
  deno task generate --config my.yaml --set training.steps=300 --set sd.guidance_scale=15
  deno task generate --resume workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16

Several pictures share one teacher, which is loaded once, and are made up to 16 at once on a GPU, 4
on a CPU, unless --batch says otherwise. Their folder has contact_sheet.png and index.json, the best
first: those in which the teacher predicts noise best with the prompt.

Ctrl-C stops early: the picture so far and a checkpoint are written. A second one stops at once.`;

/** Below the flags of `layers`. */
export const LAYERS_EXAMPLES = `
Examples:
  deno task layers workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16
  deno task layers run/checkpoint_50.safetensors --factor 16 --output layers
  deno task layers run --palette my_colors.hex

A palette of as many colors takes their places one by one; of another number, each color becomes the
nearest one of it.`;

/** Below the flags of `video`. */
export const VIDEO_EXAMPLES = `
Frames are the pictures in png_logs, which a run keeps every training.save_steps steps, and the one
at its end. In a folder, film_hard shows the picture and film_soft the mixture; a file shows the
picture. Each pixel becomes a square, and colors stay: exactly in a GIF and an APNG, as far as H.264
can in an MP4. A GIF has the palette's colors only, so there is none of the mixture.

Examples:
  deno task generate --prompt "a cat" --steps 200 --set training.save_steps=5
  deno task video workdir/standard/2026-11-24-09-05-00-mini-im32x32-sweetie-16
  deno task video run --format gif --video_size 256,256 --fps 12
  deno task video run --format mp4,apng --output films
  deno task video run --output cat.gif`;

/** Below the flags of `palettes`. */
export const PALETTES_EXAMPLES = `
Examples:
  deno task palettes
  deno task palettes sweetie-16 pico-8
  deno task palettes my_palettes --sort hue --html --output sheets`;

/** Below the flags of `verify`. */
export const VERIFY_NOTES = `
Prints one line a tensor: name, greatest absolute error, relative error, and ok, FAIL or skipped.
Ends with 1 if one fails.`;

/** Below the flags of `random-teacher`. */
export const RANDOM_TEACHER_EXAMPLES = `
It measures time and memory; what it draws is noise. SDXL takes 6.8 GB on the disk.

Examples:
  deno task random-teacher mini workdir/random-mini
  deno task random-teacher sdxl /data/random-sdxl --controlnet canny_mid --controlnet depth_mid
  deno task generate --model /data/random-sdxl --prompt "a cat" --steps 3`;
