import type { ControlnetConfig } from "../../config/run_config.ts";
import type { Gpu } from "../../kernels/gpu/gpu.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { Augmenter } from "../augment/augmenter.ts";
import type { Augmentation } from "../augment/draw_augmentation.ts";
import { makeCannyImage } from "../conditioning/control_image.ts";
import { makeDepthImage } from "../conditioning/depth_image.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { controlnetKind } from "../hub/model_ids.ts";
import type { ControlImages, ControlnetChoice } from "../guidance/controlnet_residuals.ts";
import type { Image, ImageSize } from "../image/image.ts";
import { imageFromPlanes } from "../image/image_planes.ts";
import { readControlnetConfig } from "../models/unet/controlnet_config.ts";
import type { SessionLoader } from "../onnx/runtime/session.ts";
import type { ModelFolder } from "../weights/model_folder.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

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
      const { folder, subfolder } = await teacher.controlnetLocation(id);
      teacher.checkControlnet(id, await readControlnetConfig(folder, subfolder));
      chosen.push({ id, conditioningScale });
    } else onNote(`The ControlNet "${id}" does not act: ${problem}`);
  }
  return chosen;
}

async function problemOf(teacher: TeacherFolder, id: string): Promise<string | undefined> {
  const kind = controlnetKind(id);
  if (kind !== "canny" && kind !== "depth") {
    return `an image of the kind "${kind}" cannot be made here`;
  }
  if (await teacher.hasControlnet(id)) return undefined;
  return `the teacher "${teacher.name}" has none`;
}

/** What a control is made of. */
export interface ControlOptions {
  /** The ControlNets that act; one or more, of the kinds "canny" and "depth". */
  readonly choices: readonly ControlnetChoice[];
  /** How edges are sought. */
  readonly config: ControlnetConfig;
  /** The image whose edges or depth are kept. */
  readonly image: Image;
  /** Size of the teacher's image. */
  readonly size: ImageSize;
  /** Loads the depth network. */
  readonly sessions: SessionLoader;
  /** Opens the network that sees depth, if a ControlNet follows it. */
  openDepthModel(): Promise<ModelFolder>;
}

/** What the ControlNets of a kind follow. */
interface Followed {
  readonly image: Image;
  /** As it was made, shape [1, 3, S_H, S_W]. */
  readonly made: GpuTensor;
  /** As it lies after the random change of a step. */
  readonly changed: GpuTensor;
}

/** The images that ControlNets follow, and as they lie after the random change of a step. */
export class Control implements Disposable {
  readonly #kinds: readonly string[];
  readonly #followed: ReadonlyMap<string, Followed>;
  readonly #owned: DisposableStack;

  private constructor(
    kinds: readonly string[],
    followed: ReadonlyMap<string, Followed>,
    owned: DisposableStack,
  ) {
    this.#kinds = kinds;
    this.#followed = followed;
    this.#owned = owned;
  }

  /** Finds edges and depth, each if a ControlNet follows it. */
  static async create(gpu: Gpu, options: ControlOptions): Promise<Control> {
    using cleanup = new DisposableStack();
    const kinds = options.choices.map(({ id }) => controlnetKind(id));
    const followed = new Map<string, Followed>();
    for (const kind of new Set(kinds)) {
      const tensor = await makeControlImage(kind, options);
      const { data, shape } = tensor;
      followed.set(kind, {
        image: imageFromPlanes(data, shape),
        made: cleanup.use(GpuTensor.from(gpu, data, shape, `${kind} image`)),
        changed: cleanup.use(GpuTensor.zeros(gpu, shape, `changed ${kind} image`)),
      });
    }
    return new Control(kinds, followed, cleanup.move());
  }

  /** The images by kind: "canny" is white edges on black, "depth" is white where it is near. */
  get pictures(): Readonly<Record<string, Image>> {
    return Object.fromEntries([...this.#followed].map(([kind, { image }]) => [kind, image]));
  }

  /** Records the random change of a step. */
  encode(pass: Pass, augmenter: Augmenter, augmentation: Augmentation): void {
    for (const { made, changed } of this.#followed.values()) {
      augmenter.applyToControl(pass, made, changed, augmentation);
    }
  }

  /** The changed images, one for each ControlNet; borrowed. */
  get images(): ControlImages {
    return { controlImages: this.#kinds.map((kind) => this.#followed.get(kind)!.changed) };
  }

  /** Frees its tensors. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

async function makeControlImage(
  kind: string,
  { config, image, size, sessions, openDepthModel }: ControlOptions,
): Promise<FloatTensor> {
  if (kind === "canny") return makeCannyImage(image, size, config);
  return await makeDepthImage(sessions, await openDepthModel(), image, { size });
}
