import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import { type ModelFolderOptions, openModelFolder } from "../weights/open_model_folder.ts";
import { streamSafetensors } from "../weights/safetensors_writer.ts";
import { byteVocabulary } from "./byte_vocabulary.ts";
import { ModelConfig } from "../models/model_config.ts";
import { recordWeights } from "./record_weights.ts";

/** Teachers whose structure is known: Stable Diffusion XL, Segmind's SSD-1B, the built-in one. */
export const RANDOM_TEACHERS = ["sdxl", "ssd1b", "mini"] as const;

/** Name of a teacher whose structure is known. */
export type RandomTeacher = typeof RANDOM_TEACHERS[number];

/** ControlNets of SDXL whose structure is known. */
export const RANDOM_CONTROLNETS = ["canny", "depth"].flatMap((kind) =>
  ["small", "mid", "full"].map((size) => `${kind}_${size}`)
);

/** A file of a teacher. */
export interface TeacherFile {
  /** Path in the teacher's folder. */
  readonly path: string;
  /** Numbers in it; 0 for a text. */
  readonly parameters: number;
  /** Makes its content, piece by piece. */
  content(): Iterable<Uint8Array<ArrayBuffer>>;
}

/** Options of {@linkcode randomTeacherFiles}. */
export interface RandomTeacherOptions extends ModelFolderOptions {
  /** The same seed makes the same weights. Default: 0. */
  readonly seed?: number;
  /** ControlNets besides those that the teacher has of its own, such as "canny_mid". */
  readonly controlnets?: readonly string[];
}

/** Where a teacher's configs are looked for: what SSD-1B has in common with SDXL is there once. */
const LAYERS: Readonly<Record<RandomTeacher, readonly string[]>> = {
  sdxl: ["sdxl"],
  ssd1b: ["ssd1b", "sdxl"],
  mini: ["mini"],
};

/** Networks of a teacher, with the name of the file of their weights. */
const NETWORKS: readonly (readonly [string, string])[] = [
  ["unet", "diffusion_pytorch_model"],
  ["text_encoder", "model"],
  ["text_encoder_2", "model"],
  ["vae", "diffusion_pytorch_model"],
  ["controlnet_canny", "diffusion_pytorch_model"],
];

/**
 * Lists the files of a teacher in diffusers' layout with random weights in float16: the structure of
 * a published one, to measure it without its download.
 *
 * The tokenizers know single bytes only, as many tokens as the published ones have.
 */
export async function randomTeacherFiles(
  kind: RandomTeacher,
  options: RandomTeacherOptions = {},
): Promise<TeacherFile[]> {
  const { seed = 0, controlnets = [] } = options;
  const layers = LAYERS[kind].map((name) => structure(name, options));
  const files: TeacherFile[] = [];
  for (const [subfolder, stem] of NETWORKS) {
    const text = await findText(layers, `${subfolder}/config.json`);
    if (text !== undefined) files.push(...networkFiles(subfolder, { text, stem, seed }));
  }
  for (const id of controlnets) {
    const text = await structure("controlnets", options).text(`${sizeOf(id)}/config.json`);
    const stem = "diffusion_pytorch_model";
    files.push(...networkFiles(`controlnet_${id}`, { text, stem, seed }));
  }
  for (const path of ["model_index.json", "scheduler/scheduler_config.json"]) {
    files.push(textFile(path, await findText(layers, path) ?? ""));
  }
  for (const suffix of ["", "_2"]) files.push(...await tokenizerFiles(layers, suffix));
  return files;
}

function sizeOf(id: string): string {
  if (!RANDOM_CONTROLNETS.includes(id)) {
    throw new RangeError(
      `Cannot make the ControlNet "${id}": expected one of ${RANDOM_CONTROLNETS.join(", ")}`,
    );
  }
  return id.slice(id.indexOf("_") + 1);
}

/** Opens a folder of configs; it lies beside the modules, on the disk or on their server. */
function structure(name: string, options: ModelFolderOptions): ModelFolder {
  const url = new URL(`../../assets/structures/${name}/`, import.meta.url);
  return openModelFolder(url, options);
}

async function findText(
  layers: readonly ModelFolder[],
  path: string,
): Promise<string | undefined> {
  for (const folder of layers) if (await folder.has(path)) return await folder.text(path);
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
  layers: readonly ModelFolder[],
  suffix: string,
): Promise<TeacherFile[]> {
  const encoder = JSON.parse(await findText(layers, `text_encoder${suffix}/config.json`) ?? "{}");
  const { vocab, merges } = byteVocabulary(encoder.vocab_size);
  const folder = `tokenizer${suffix}`;
  const config = await findText(layers, `${folder}/tokenizer_config.json`) ?? "{}";
  return [
    textFile(`${folder}/vocab.json`, vocab),
    textFile(`${folder}/merges.txt`, merges),
    textFile(`${folder}/tokenizer_config.json`, config),
  ];
}

function textFile(path: string, text: string): TeacherFile {
  return { path, parameters: 0, content: () => [new TextEncoder().encode(text)] };
}
