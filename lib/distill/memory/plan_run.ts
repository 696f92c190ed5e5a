import type { Gpu } from "../../../kernels/gpu/gpu.ts";
import type { TeacherFolder } from "../../conditioning/teacher_folder.ts";
import type { ControlnetChoice } from "../../guidance/controlnet_residuals.ts";
import { type SettledRunConfig, usesClip } from "../../guidance/sampling_settings.ts";
import type { ImageSize } from "../../image/image.ts";
import { hasFloat16, type NetworkPrecision } from "../../onnx/runtime/network_precision.ts";
import type { Runtime } from "../../onnx/runtime/session.ts";
import { defined } from "../../text/defined.ts";
import { type MemoryPlan, planMemory } from "./memory_plan.ts";
import { planNetworks } from "./planned_networks.ts";

/** What the memory of a run depends on. */
export interface PlannedRun {
  /** Config of the run. */
  readonly config: SettledRunConfig;
  /** The teacher. */
  readonly teacher: TeacherFolder;
  /** Size of the teacher's image, in pixels. */
  readonly teacherSize: ImageSize;
  /** The ControlNets in use. */
  readonly controlnets: readonly ControlnetChoice[];
  /** Precision of all networks but the autoencoder. */
  readonly precision: NetworkPrecision;
  /** Runtime of the networks. */
  readonly runtime: Runtime;
  /** Whether the networks need a batch row for the negative prompt. */
  readonly usesNegativePrompt: boolean;
  /** Number of chunks of tokens of the prompts. Default: 1. */
  readonly promptChunks?: number;
  /** Whether latents are decoded: for a sampled image, or for gradient images. */
  readonly decodes: boolean;
  /** Whether the teacher samples an image. Default: false. */
  readonly samplesImage?: boolean;
  /** Number of colors of the palette. */
  readonly colors: number;
  /** Pictures in a batch. Default: 1. */
  readonly pictures?: number;
}

/** Plans the memory of a run from the teacher's configs. No weights are read. */
export async function planRun(gpu: Gpu, run: PlannedRun): Promise<MemoryPlan> {
  const {
    config: { generator, diffusion },
    teacher,
    teacherSize,
    precision,
    runtime,
    decodes,
    colors,
  } = run;
  const { pictures = 1, samplesImage = false } = run;
  const isByClip = samplesImage && usesClip(diffusion.choice) && diffusion.clipId === null;
  const { networks, savedBytes } = await planNetworks(teacher, {
    teacherSize,
    decodes,
    pictures,
    rows: run.usesNegativePrompt ? 2 : 1,
    controlnets: run.controlnets.map(({ id }) => id),
    precision: precision.precision ?? "float32",
    usesFloat16Masks: hasFloat16({ runtime, gpu }),
    clipImages: isByClip ? diffusion.numReferences : 0,
    ...defined({ clipSkip: diffusion.clipSkip ?? undefined, promptChunks: run.promptChunks }),
  });
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  return planMemory(networks, {
    runtime,
    precision,
    teacherSize,
    colors,
    savedBytes,
    pictures,
    size: { height: generator.imageH, width: generator.imageW },
    largestBytes: Math.min(maxBufferSize, maxStorageBufferBindingSize),
  });
}
