import type { ControlnetConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { Augmenter } from "../augment/augmenter.ts";
import type { Augmentation } from "../augment/draw_augmentation.ts";
import { makeCannyImage } from "../conditioning/control_image.ts";
import type { FloatTensor } from "../conditioning/encode_prompts.ts";
import { controlnetKind, type TeacherFolder } from "../conditioning/teacher_folder.ts";
import type { ControlImages, ControlnetChoice } from "../guidance/controlnet_residuals.ts";
import { Image, type ImageSize } from "../image/image.ts";
import { readControlnetConfig } from "../models/controlnet_config.ts";

/**
 * Chooses the ControlNets of a config that can act.
 *
 * @param onNote Told of each that cannot.
 */
export async function chooseControlnets(
  teacher: TeacherFolder,
  config: ControlnetConfig,
  onNote: (message: string) => void,
): Promise<ControlnetChoice[]> {
  if (!config.useControlnet) return [];
  const chosen: ControlnetChoice[] = [];
  for (const [i, id] of config.modelsId.entries()) {
    const conditioningScale = config.controlnetConditioningScale[i]!;
    if (conditioningScale === 0) continue;
    const problem = await problemOf(teacher, id);
    if (problem === undefined) {
      const { folder, subfolder } = await teacher.controlnetPlace(id);
      teacher.checkControlnet(id, await readControlnetConfig(folder, subfolder));
      chosen.push({ id, conditioningScale });
    } else onNote(`The ControlNet "${id}" does not act: ${problem}`);
  }
  return chosen;
}

async function problemOf(teacher: TeacherFolder, id: string): Promise<string | undefined> {
  const kind = controlnetKind(id);
  if (kind !== "canny") return `an image of the kind "${kind}" cannot be made here yet`;
  if (await teacher.hasControlnet(id)) return undefined;
  return `the teacher "${teacher.name}" has none`;
}

/** What a control is made of. */
export interface ControlOptions {
  /** The ControlNets that act; one or more, all of them of the kind "canny". */
  readonly choices: readonly ControlnetChoice[];
  /** How edges are sought. */
  readonly config: ControlnetConfig;
  /** The image whose edges are kept. */
  readonly image: Image;
  /** Size of the teacher's image. */
  readonly size: ImageSize;
}

/** The edges that ControlNets follow, and as they lie after the random change of a step. */
export class Control implements Disposable {
  /** The edges, white on black. */
  readonly image: Image;
  readonly #edges: GpuTensor;
  readonly #changed: GpuTensor;
  readonly #count: number;
  readonly #owned: DisposableStack;

  /** Finds the edges. */
  constructor(gpu: Gpu, { choices, config, image, size }: ControlOptions) {
    using owned = new DisposableStack();
    const edges = makeCannyImage(image, size, config);
    this.image = toImage(edges);
    this.#edges = owned.use(GpuTensor.from(gpu, edges.data, edges.shape, "control image"));
    this.#changed = owned.use(GpuTensor.zeros(gpu, edges.shape, "changed control image"));
    this.#count = choices.length;
    this.#owned = owned.move();
  }

  /** Records the random change of a step. */
  encode(pass: Pass, augmenter: Augmenter, augmentation: Augmentation): void {
    augmenter.applyToControl(pass, this.#edges, this.#changed, augmentation);
  }

  /** The changed edges, once for each ControlNet; borrowed. */
  get images(): ControlImages {
    return { controlImages: new Array<GpuTensor>(this.#count).fill(this.#changed) };
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** Turns planes [1, 3, S_H, S_W], all the same, into a picture. */
function toImage({ data, shape }: FloatTensor): Image {
  const [, , height, width] = shape as [number, number, number, number];
  const values = Float32Array.from({ length: data.length }, (_, i) => data[Math.floor(i / 3)]!);
  return Image.fromFloats({ height, width }, values);
}
