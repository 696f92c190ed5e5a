import { MAX_CLIP_BATCH } from "../../conditioning/choose_by_clip.ts";
import { findOwnClip } from "../../conditioning/clip_location.ts";
import type { TeacherFolder } from "../../conditioning/teacher_folder.ts";
import type { ImageSize } from "../../image/image.ts";
import { readClipConfig } from "../../models/clip/clip_config.ts";
import { buildClipModel } from "../../models/clip/clip_model.ts";
import { readControlnetConfig } from "../../models/unet/controlnet_config.ts";
import { buildControlnet } from "../../models/unet/controlnet_model.ts";
import { buildUnet } from "../../models/unet/unet_2d_condition_model.ts";
import { bytesOf } from "../../onnx/graph/graph_memory.ts";
import { saveFloat16Masks } from "../../onnx/rewrite/float16_masks.ts";
import type { FloatType } from "../../weights/float16.ts";
import { RandomWeights } from "../../weights/random_weights.ts";
import { defined } from "../../text/defined.ts";
import type { PlannedNetwork } from "./memory_plan.ts";

/** Options of {@linkcode planNetworks}. */
export interface PlannedNetworksOptions {
  /** Batch rows per picture: 1 for the prompt, 2 with the negative prompt. */
  readonly rows: number;
  /** Pictures in a batch. Default: 1. */
  readonly pictures?: number;
  /** Size of the teacher's image, in pixels. */
  readonly teacherSize: ImageSize;
  /** Ids of the ControlNets. */
  readonly controlnets: readonly string[];
  /** Whether latents are decoded: for a sampled image, or for gradient images. */
  readonly decodes: boolean;
  /** Float type of UNet, ControlNets and text encoders. */
  readonly precision: FloatType;
  /** Whether the autoencoder saves its masks in float16. Default: false. */
  readonly usesFloat16Masks?: boolean;
  /** Number of chunks of tokens of the prompts. Default: 1. */
  readonly promptChunks?: number;
  /** Layer of the text encoders, counted from the last. Default: that of the family. */
  readonly clipSkip?: number;
  /** Number of samples among which the teacher's CLIP chooses. Default: it chooses among none. */
  readonly clipImages?: number;
}

/** The networks of a run, for a memory plan. */
export interface PlannedNetworks {
  /** All networks. */
  readonly networks: readonly PlannedNetwork[];
  /** Saved tensors of the autoencoder's encoder, in bytes. */
  readonly savedBytes: number;
}

/** Builds the graphs of all networks of a run from the teacher's configs, without weights. */
export async function planNetworks(
  teacher: TeacherFolder,
  options: PlannedNetworksOptions,
): Promise<PlannedNetworks> {
  const { rows, pictures = 1, precision, teacherSize } = options;
  const latentSize = teacher.latentSize(teacherSize);
  const { graphs, promptLength } = await teacher.promptEncoder.plan({
    rows,
    precision,
    ...defined({ clipSkip: options.clipSkip, chunks: options.promptChunks }),
  });
  const sizes = { ...latentSize, batch: rows * pictures, pictures, promptLength, precision };
  const networks: PlannedNetwork[] = graphs.map((graph, i) => ({
    name: `text encoder ${i + 1}`,
    phase: "prompts",
    graph,
    isQuantized: true,
  }));
  for (const id of options.controlnets) {
    const { folder, subfolder } = await teacher.controlnetLocation(id);
    const config = await readControlnetConfig(folder, subfolder);
    const graph = buildControlnet(placeholder(), config, sizes);
    networks.push({ name: `ControlNet ${id}`, phase: "steps", graph, isQuantized: true });
  }
  const residuals = options.controlnets.length > 0;
  const unet = buildUnet(placeholder(), teacher.unet, { ...sizes, residuals });
  networks.push({ name: "UNet", phase: "steps", graph: unet, isQuantized: true });
  const { halves, savedBytes } = planAutoencoder(teacher, options);
  const clip = await planClip(teacher, options);
  return { networks: [...networks, ...halves, ...clip], savedBytes };
}

/** The CLIP is there while it chooses, beside the other networks. It computes in float32. */
async function planClip(
  { folder }: TeacherFolder,
  { clipImages = 0 }: PlannedNetworksOptions,
): Promise<readonly PlannedNetwork[]> {
  const location = clipImages > 1 ? await findOwnClip(folder) : undefined;
  if (!location) return [];
  const config = await readClipConfig(folder, location.subfolder);
  const graph = buildClipModel(placeholder(), config, {
    images: Math.min(clipImages, MAX_CLIP_BATCH),
    texts: 1,
    length: config.text.maxPositions,
  });
  return [{ name: "CLIP", phase: "steps", graph, isQuantized: false }];
}

/** The autoencoder computes in float32. */
function planAutoencoder(
  teacher: TeacherFolder,
  { teacherSize, decodes, pictures = 1, usesFloat16Masks = false }: PlannedNetworksOptions,
): { readonly halves: readonly PlannedNetwork[]; readonly savedBytes: number } {
  const { vae } = teacher;
  const graphs = vae.buildEncoderGradient(placeholder(), { ...teacherSize, batch: pictures });
  const { forward, backward } = usesFloat16Masks ? saveFloat16Masks(graphs) : graphs;
  const savedBytes = forward.saved.reduce(
    (sum, name) => sum + bytesOf(forward.values.get(name)!),
    0,
  );
  const decoder = decodes
    ? [vae.buildDecoder(placeholder(), { ...teacher.latentSize(teacherSize), batch: 1 })]
    : [];
  const halves = [forward, backward, ...decoder].map((graph): PlannedNetwork => ({
    name: graph.name,
    phase: "steps",
    graph,
    isQuantized: false,
  }));
  return { halves, savedBytes };
}

/** Weights of any shape that are never read. */
function placeholder(): RandomWeights {
  return new RandomWeights({ prefixes: ["text_model"] });
}
