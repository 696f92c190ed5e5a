import { goldenPath } from "./goldens.ts";

const PARTS = [
  "scheduler",
  "text_encoder",
  "text_encoder_2",
  "tokenizer",
  "tokenizer_2",
  "unet",
  "vae",
];

/** Copies the files of a golden folder, such as "tiny-clip", to a folder that may not exist yet. */
export async function copyGolden(name: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for await (const file of Deno.readDir(goldenPath(name))) {
    await Deno.copyFile(goldenPath(`${name}/${file.name}`), `${folder}/${file.name}`);
  }
}

/** Copies the tiny teacher of SDXL's structure, without ControlNets. */
export async function copyTinyTeacher(folder: string): Promise<void> {
  for (const part of PARTS) await copyGolden(`tiny-sdxl/${part}`, `${folder}/${part}`);
}
