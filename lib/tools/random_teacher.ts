import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { type ModelFolderOptions, openModelFolder } from "../weights/open_model_folder.ts";
import { streamSafetensors } from "../weights/safetensors_writer.ts";
import { byteVocabulary } from "./byte_vocabulary.ts";
import { ModelConfig } from "../models/model_config.ts";
import { recordWeights } from "./record_weights.ts";

/**
 * Teachers with a known structure: Stable Diffusion XL, Segmind's SSD-1B, the built-in one, Stable
 * Diffusion 1.5 and 2.1, and a small one with the layers of Stable Diffusion 1.5.
 */
export const RANDOM_TEACHERS = ["sdxl", "ssd1b", "mini", "sd15", "sd21", "tiny-sd15"] as const;

/** Name of a teacher with a known structure. */
export type RandomTeacher = typeof RANDOM_TEACHERS[number];

/** Kinds of ControlNets. Those of Stable Diffusion 1.5 and 2.1 have one size. */
const CONTROLNET_KINDS: readonly string[] = ["canny", "depth"];

/** ControlNets of SDXL with a known structure. */
export const RANDOM_CONTROLNETS = CONTROLNET_KINDS.flatMap((kind) =>
  ["small", "mid", "full"].map((size) => `${kind}_${size}`)
);

/** A file of a teacher. */
export interface TeacherFile {
  /** Path inside the teacher's folder. */
  readonly path: string;
  /** Number of parameters; 0 for a text file. */
  readonly parameters: number;
  /** Generates the content in chunks. */
  content(): Iterable<Uint8Array<ArrayBuffer>>;
}

/** Options of {@linkcode randomTeacherFiles}. */
export interface RandomTeacherOptions extends ModelFolderOptions {
  /** Seed of the weights. Default: 0. */
  readonly seed?: number;
  /** ControlNets in addition to those of the teacher, such as "canny_mid". Default: none. */
  readonly controlnets?: readonly string[];
}

/** Folders of a teacher's configs, in order of precedence: SSD-1B shares files with SDXL. */
const CONFIG_FOLDERS: Readonly<Record<RandomTeacher, readonly string[]>> = {
  sdxl: ["sdxl"],
  ssd1b: ["ssd1b", "sdxl"],
  mini: ["mini"],
  sd15: ["sd15"],
  sd21: ["sd21", "sd15"],
  "tiny-sd15": ["tiny-sd15", "sd15"],
};

/** Returns the ControlNets that a teacher can have, such as "canny_mid" for SDXL. */
export function randomControlnets(kind: RandomTeacher): readonly string[] {
  return CONFIG_FOLDERS[kind].includes("sd15") ? CONTROLNET_KINDS : RANDOM_CONTROLNETS;
}

/** Networks of a teacher, with the name of their weight file. */
const NETWORKS: readonly (readonly [string, string])[] = [
  ["unet", "diffusion_pytorch_model"],
  ["text_encoder", "model"],
  ["text_encoder_2", "model"],
  ["vae", "diffusion_pytorch_model"],
  ["controlnet_canny", "diffusion_pytorch_model"],
];

/**
 * Returns the files of a teacher in diffusers' layout with the structure of a published one and
 * random float16 weights. It allows benchmarks without a download.
 *
 * The tokenizers have as many tokens as the published ones, but know single bytes only.
 *
 * @throws {RangeError} If a ControlNet is not known.
 */
export async function randomTeacherFiles(
  kind: RandomTeacher,
  options: RandomTeacherOptions = {},
): Promise<TeacherFile[]> {
  const { seed = 0, controlnets = [] } = options;
  const folders = CONFIG_FOLDERS[kind].map((name) => structure(name, options));
  const files: TeacherFile[] = [];
  for (const [subfolder, stem] of NETWORKS) {
    const text = await findText(folders, `${subfolder}/config.json`);
    if (text !== undefined) files.push(...networkFiles(subfolder, { text, stem, seed }));
  }
  for (const id of controlnets) {
    checkKind(id, randomControlnets(kind));
    const own = await findText(folders, "controlnet/config.json");
    const text = own ??
      await structure("controlnets", options).text(`${controlnetSize(id)}/config.json`);
    const stem = "diffusion_pytorch_model";
    files.push(...networkFiles(`controlnet_${id}`, { text, stem, seed }));
  }
  for (const path of ["model_index.json", "scheduler/scheduler_config.json"]) {
    files.push(textFile(path, await findText(folders, path) ?? ""));
  }
  for (const suffix of ["", "_2"]) files.push(...await tokenizerFiles(folders, suffix));
  return files;
}

function controlnetSize(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}

function checkKind(id: string, known: readonly string[]): void {
  if (known.includes(id)) return;
  throw new RangeError(
    `Cannot create the ControlNet "${id}": expected one of ${known.join(", ")}`,
  );
}

/** Opens a folder of configs beside the modules, on the disk or on their server. */
function structure(name: string, options: ModelFolderOptions): ModelFolder {
  const url = new URL(`../../assets/structures/${name}/`, import.meta.url);
  return openModelFolder(url, options);
}

async function findText(
  folders: readonly ModelFolder[],
  path: string,
): Promise<string | undefined> {
  for (const folder of folders) if (await folder.has(path)) return await folder.text(path);
  return undefined;
}

function networkFiles(
  subfolder: string,
  { text, stem, seed }: { readonly text: string; readonly stem: string; readonly seed: number },
): TeacherFile[] {
  const path = `${subfolder}/config.json`;
  const entries = recordWeights(new ModelConfig(path, JSON.parse(text)), {
    seed: `${seed} ${subfolder}`,
  });
  const parameters = entries.reduce((sum, { shape }) => sum + shapeSize(shape), 0);
  return [textFile(path, text), {
    path: `${subfolder}/${stem}.fp16.safetensors`,
    parameters,
    content: () => streamSafetensors(entries, "float16"),
  }];
}

async function tokenizerFiles(
  folders: readonly ModelFolder[],
  suffix: string,
): Promise<TeacherFile[]> {
  const text = await findText(folders, `text_encoder${suffix}/config.json`);
  if (text === undefined) return [];
  const encoder = JSON.parse(text);
  const { vocab, merges } = byteVocabulary(encoder.vocab_size);
  const folder = `tokenizer${suffix}`;
  const config = await findText(folders, `${folder}/tokenizer_config.json`) ?? "{}";
  return [
    textFile(`${folder}/vocab.json`, vocab),
    textFile(`${folder}/merges.txt`, merges),
    textFile(`${folder}/tokenizer_config.json`, config),
  ];
}

function textFile(path: string, text: string): TeacherFile {
  return { path, parameters: 0, content: () => [new TextEncoder().encode(text)] };
}
