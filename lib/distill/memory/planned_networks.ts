import type { TeacherFolder } from "../../conditioning/teacher_folder.ts";
import type { ImageSize } from "../../image/image.ts";
import { readClipTextConfig } from "../../models/clip/clip_text_config.ts";
import { buildClipTextModel } from "../../models/clip/clip_text_model.ts";
import { readControlnetConfig } from "../../models/unet/controlnet_config.ts";
import { buildControlnet } from "../../models/unet/controlnet_model.ts";
import { buildUnet } from "../../models/unet/unet_2d_condition_model.ts";
import { bytesOf } from "../../onnx/graph/graph_memory.ts";
import { saveFloat16Masks } from "../../onnx/rewrite/float16_masks.ts";
import type { FloatType } from "../../weights/float16.ts";
import { RandomWeights } from "../../weights/random_weights.ts";
import type { PlannedNetwork } from "./memory_plan.ts";

/** What the networks of a run depend on. */
export interface PlannedNetworksOptions {
  /** Rows of a picture: the prompt, with or without the negative one. */
  readonly rows: number;
  /** Pictures that are made at once. Default: 1. */
  readonly pictures?: number;
  /** Size of the teacher's image, in pixels. */
  readonly teacherSize: ImageSize;
  /** Ids of the ControlNets. */
  readonly controlnets: readonly string[];
  /** Whether latents are decoded: the teacher draws an image, or gradients are looked at. */
  readonly decodes: boolean;
  /** Type of what UNet, ControlNets and text encoders compute. */
  readonly precision: FloatType;
  /** Whether the autoencoder keeps masks in float16. Default: false. */
  readonly usesFloat16Masks?: boolean;
}

/** The networks of a run as far as a memory plan needs them. */
export interface PlannedNetworks {
  /** All networks. */
  readonly networks: readonly PlannedNetwork[];
  /** What one half of the autoencoder keeps for the other, in bytes. */
  readonly keptBytes: number;
}

/** Builds the graphs of all networks of a run out of the configs of its teacher, without weights. */
export async function planNetworks(
  teacher: TeacherFolder,
  options: PlannedNetworksOptions,
): Promise<PlannedNetworks> {
  const { rows, pictures = 1, precision, teacherSize } = options;
  const latentSize = teacher.latentSize(teacherSize);
  const encoders = await Promise.all(
    ["text_encoder", "text_encoder_2"].map((name) => readClipTextConfig(teacher.folder, name)),
  );
  const promptLength = encoders[0]!.maxPositions;
  const sizes = { ...latentSize, batch: rows * pictures, pictures, promptLength, precision };
  const networks: PlannedNetwork[] = encoders.map((config, i) => ({
    name: `text encoder ${i + 1}`,
    phase: "prompts",
    graph: buildClipTextModel(unread(), config, {
      ...{ batch: rows, length: promptLength, precision },
    }),
    isQuantized: true,
  }));
  for (const id of options.controlnets) {
    const { folder, subfolder } = await teacher.controlnetLocation(id);
    const config = await readControlnetConfig(folder, subfolder);
    const graph = buildControlnet(unread(), config, sizes);
    networks.push({ name: `ControlNet ${id}`, phase: "steps", graph, isQuantized: true });
  }
  const residuals = options.controlnets.length > 0;
  const unet = buildUnet(unread(), teacher.unet, { ...sizes, residuals });
  networks.push({ name: "UNet", phase: "steps", graph: unet, isQuantized: true });
  const { halves, keptBytes } = planAutoencoder(teacher, options);
  return { networks: [...networks, ...halves], keptBytes };
}

/** The autoencoder computes in float32. */
function planAutoencoder(
  teacher: TeacherFolder,
  { teacherSize, decodes, pictures = 1, usesFloat16Masks = false }: PlannedNetworksOptions,
): { readonly halves: readonly PlannedNetwork[]; readonly keptBytes: number } {
  const { vae } = teacher;
  const graphs = vae.buildEncoderGradient(unread(), { ...teacherSize, batch: pictures });
  const { forward, backward } = usesFloat16Masks ? saveFloat16Masks(graphs) : graphs;
  const keptBytes = forward.saved.reduce(
    (sum, name) => sum + bytesOf(forward.values.get(name)!),
    0,
  );
  const decoder = decodes
    ? [vae.buildDecoder(unread(), { ...teacher.latentSize(teacherSize), batch: 1 })]
    : [];
  const halves = [forward, backward, ...decoder].map((graph): PlannedNetwork => ({
    name: graph.name,
    phase: "steps",
    graph,
    isQuantized: false,
  }));
  return { halves, keptBytes };
}

/** Stands for a checkpoint of any structure, of which nothing is read. */
function unread(): RandomWeights {
  return new RandomWeights({ prefixes: ["text_model"] });
}
