import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import { encodeAddScaled } from "../../kernels/optimizer/add_scaled.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { readControlnetConfig } from "../models/unet/controlnet_config.ts";
import { buildControlnet } from "../models/unet/controlnet_model.ts";
import type { UnetGraphOptions } from "../models/unet/unet_trunk.ts";
import {
  type DeviceTensor,
  release,
  runOnDevice,
  toRuntime,
} from "../onnx/runtime/device_tensor.ts";
import { type NetworkPrecision, preferredFile } from "../onnx/runtime/network_precision.ts";
import type { Session, SessionLoader } from "../onnx/runtime/session.ts";
import { StateDict } from "../weights/state_dict.ts";
import { floatsOf } from "../onnx/runtime/float_tensor.ts";

/** A ControlNet to run. */
export interface ControlnetChoice {
  /** Kind, such as "canny" or "canny_mid". */
  readonly id: string;
  /** Factor of its residuals, min 0; with 0 it is not loaded. */
  readonly conditioningScale: number;
}

/** Images and scales of ControlNets. */
export interface ControlImages {
  /** An image for each ControlNet, shape [1, 3, S_H, S_W] in [0, 1]; not read if its scale is 0. */
  readonly controlImages: readonly DeviceTensor[];
  /** Scales instead of those of the choices. */
  readonly conditioningScales?: readonly number[];
}

/** Residuals for a UNet, by the names of its inputs; they are freed with it. */
export interface Residuals extends Disposable {
  /** Tensors on the device of the runtime. */
  readonly feeds: Readonly<Record<string, DeviceTensor>>;
}

/** The ControlNets of a teacher: computes the sum of their residuals. */
export class ControlnetResiduals implements AsyncDisposable {
  readonly #gpu: Gpu;
  readonly #choices: readonly ControlnetChoice[];
  /** One for each choice; undefined if its scale is 0. */
  readonly #sessions: readonly (Session | undefined)[];
  readonly #owned: AsyncDisposableStack;

  private constructor(
    gpu: Gpu,
    choices: readonly ControlnetChoice[],
    sessions: { readonly list: readonly (Session | undefined)[]; owned: AsyncDisposableStack },
  ) {
    this.#gpu = gpu;
    this.#choices = choices;
    this.#sessions = sessions.list;
    this.#owned = sessions.owned;
  }

  /**
   * Loads the ControlNets whose scale is above 0.
   *
   * @throws {TeacherFolderError} If the teacher has no such ControlNet.
   */
  static async create(
    gpu: Gpu,
    parts: {
      readonly sessions: SessionLoader;
      readonly teacher: TeacherFolder;
      readonly choices: readonly ControlnetChoice[];
    },
    options: UnetGraphOptions & NetworkPrecision,
  ): Promise<ControlnetResiduals> {
    const { sessions, teacher, choices } = parts;
    await using cleanup = new AsyncDisposableStack();
    const list: (Session | undefined)[] = [];
    for (const { id, conditioningScale } of choices) {
      const session = conditioningScale > 0
        ? cleanup.use(await loadControlnet(sessions, { teacher, id }, options))
        : undefined;
      list.push(session);
    }
    return new ControlnetResiduals(gpu, choices, { list, owned: cleanup.move() });
  }

  /** Whether any ControlNet was loaded. */
  get isEmpty(): boolean {
    return this.#sessions.every((session) => session === undefined);
  }

  /**
   * Computes the sum of the residuals of all ControlNets.
   *
   * @param shared Inputs of the UNet, without residuals, on the device of the runtime.
   * @returns The residuals; undefined if all scales are 0.
   * @throws {RangeError} If the number of images or scales is not that of the ControlNets.
   */
  async compute(
    shared: Readonly<Record<string, DeviceTensor>>,
    { controlImages, conditioningScales }: ControlImages,
  ): Promise<Residuals | undefined> {
    const scales = conditioningScales ?? this.#choices.map((choice) => choice.conditioningScale);
    this.#checkCount("images", controlImages.length);
    this.#checkCount("conditioning scales", scales.length);
    let sum: Record<string, DeviceTensor> | undefined;
    using partial = new DisposableStack();
    for (const [i, session] of this.#sessions.entries()) {
      if (!session || scales[i] === 0) continue;
      const { outputs: residuals } = await runOnDevice(session, {
        ...shared,
        controlnet_cond: await toRuntime(session.runtime, controlImages[i]!),
        conditioning_scale: { data: Float32Array.of(scales[i]!), shape: [1] },
      });
      for (const tensor of Object.values(residuals)) partial.defer(() => release(tensor));
      if (sum) this.#add(residuals, sum);
      else sum = residuals;
    }
    if (!sum) return undefined;
    const owned = partial.move();
    return { feeds: sum, [Symbol.dispose]: () => owned.dispose() };
  }

  /** Frees the ControlNets. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  #checkCount(what: string, count: number): void {
    if (count === this.#choices.length) return;
    throw new RangeError(
      `Cannot run ControlNets: expected ${this.#choices.length} ${what}, got ${count}`,
    );
  }

  /** Adds the residuals of one ControlNet to a sum, in place. */
  #add(
    residuals: Readonly<Record<string, DeviceTensor>>,
    sum: Readonly<Record<string, DeviceTensor>>,
  ): void {
    this.#gpu.submit((pass) => {
      for (const [name, x] of Object.entries(residuals)) {
        const y = sum[name]!;
        if (x instanceof GpuTensor && y instanceof GpuTensor) {
          encodeAddScaled(pass, { x, y }, { scale: 1 });
        } else if (!(x instanceof GpuTensor) && !(y instanceof GpuTensor)) {
          const [from, to] = [floatsOf(x), floatsOf(y)];
          for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
        }
      }
    });
  }
}

async function loadControlnet(
  sessions: SessionLoader,
  { teacher, id }: { readonly teacher: TeacherFolder; readonly id: string },
  options: UnetGraphOptions & NetworkPrecision,
): Promise<Session> {
  const { folder, subfolder } = await teacher.controlnetLocation(id);
  const config = await readControlnetConfig(folder, subfolder);
  teacher.checkControlnet(id, config);
  using weights = await StateDict.open(folder, subfolder, {
    prefer: preferredFile(options),
  });
  const build = (pictures: number) =>
    buildControlnet(weights, config, {
      ...options,
      pictures,
      batch: options.batch * pictures,
    });
  return await sessions.load(build(1), { batch: { build } });
}
