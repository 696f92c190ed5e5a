import type { Gpu } from "../../kernels/gpu/gpu.ts";
import { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { TeacherFolder } from "../conditioning/teacher_folder.ts";
import { openTeacherWeights } from "../conditioning/family/teacher_weights.ts";
import { buildUnet, type UnetOptions } from "../models/unet/unet_2d_condition_model.ts";
import { shapeSize } from "../../kernels/gpu/shape_size.ts";
import type { Graph } from "../onnx/graph/graph.ts";
import { type NetworkPrecision, preferredFile } from "../onnx/runtime/network_precision.ts";
import { type DeviceTensor, runOnDevice } from "../onnx/runtime/device_tensor.ts";
import type { HostTensor, Session, SessionLoader } from "../onnx/runtime/session.ts";
import { floatsOf } from "../onnx/runtime/float_tensor.ts";

/** The residuals of ControlNets among the inputs of a UNet. */
const RESIDUAL = /^(down_block_residual_\d+|mid_block_residual)$/;

/** A UNet that is ready to run, with its constant inputs. */
export class LoadedUnet implements AsyncDisposable {
  /** The network. */
  readonly session: Session;
  /** Constant inputs, on the device of the runtime. */
  readonly constants: Readonly<Record<string, DeviceTensor>>;
  readonly #gpu: Gpu;
  readonly #residualInputs: Graph["inputs"];
  readonly #owned: AsyncDisposableStack;
  #zeroResiduals: Readonly<Record<string, DeviceTensor>> | undefined;

  private constructor(
    gpu: Gpu,
    parts: Pick<LoadedUnet, "session" | "constants">,
    rest: { readonly residualInputs: Graph["inputs"]; readonly owned: AsyncDisposableStack },
  ) {
    this.#gpu = gpu;
    this.session = parts.session;
    this.constants = parts.constants;
    this.#residualInputs = rest.residualInputs;
    this.#owned = rest.owned;
  }

  /**
   * Loads the UNet of a teacher, with the teacher's LoRAs.
   *
   * @param parts.sessions Loads the network.
   * @param parts.constants Constant inputs, such as prompts.
   * @throws {LoraError} If a LoRA does not fit.
   */
  static async create(
    gpu: Gpu,
    parts: {
      readonly sessions: SessionLoader;
      readonly teacher: TeacherFolder;
      readonly constants: Readonly<Record<string, HostTensor>>;
    },
    options: UnetOptions & NetworkPrecision,
  ): Promise<LoadedUnet> {
    const { sessions, teacher } = parts;
    using opened = await openTeacherWeights(teacher, "unet", { prefer: preferredFile(options) });
    const build = (pictures: number) =>
      buildUnet(opened.weights, teacher.unet, {
        ...options,
        pictures,
        batch: options.batch * pictures,
      });
    const graph = build(1);
    await using cleanup = new AsyncDisposableStack();
    const session = cleanup.use(await sessions.load(graph, { batch: { build } }));
    const constants = toDevice(gpu, parts.constants, { session, owned: cleanup });
    const residualInputs = graph.inputs.filter(({ name }) => RESIDUAL.test(name));
    const owned = cleanup.move();
    return new LoadedUnet(gpu, { session, constants }, { residualInputs, owned });
  }

  /**
   * Runs the UNet.
   *
   * @param feeds All inputs, without residuals.
   * @param residuals Residuals of ControlNets. Default: zeros.
   * @returns The prediction, shape [R, 4, h, w]; the caller owns it.
   */
  async run(
    feeds: Readonly<Record<string, DeviceTensor>>,
    residuals: Readonly<Record<string, DeviceTensor>> = this.#zeros(),
  ): Promise<DeviceTensor> {
    const { outputs } = await runOnDevice(this.session, { ...feeds, ...residuals });
    return outputs["noise_pred"]!;
  }

  /** Brings constant inputs to the device of the runtime; they are freed with the network. */
  place(constants: Readonly<Record<string, HostTensor>>): Readonly<Record<string, DeviceTensor>> {
    return toDevice(this.#gpu, constants, { session: this.session, owned: this.#owned });
  }

  /** Frees the network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** Zero residuals, created when they are first needed; a second UNet would take more memory. */
  #zeros(): Readonly<Record<string, DeviceTensor>> {
    this.#zeroResiduals ??= Object.fromEntries(
      this.#residualInputs.map(({ name, shape }) => [name, this.#zero(name, shape)]),
    );
    return this.#zeroResiduals;
  }

  #zero(name: string, shape: readonly number[]): DeviceTensor {
    if (this.session.runtime === "webgpu") {
      return this.#owned.use(GpuTensor.zeros(this.#gpu, shape, name));
    }
    return { data: new Float32Array(shapeSize(shape)), shape };
  }
}

/** Brings tensors to the device of the runtime of a session. */
function toDevice(
  gpu: Gpu,
  tensors: Readonly<Record<string, HostTensor>>,
  { session, owned }: { readonly session: Session; readonly owned: AsyncDisposableStack },
): Record<string, DeviceTensor> {
  if (session.runtime !== "webgpu") return { ...tensors };
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      owned.use(GpuTensor.from(gpu, floatsOf(tensor), tensor.shape, name)),
    ]),
  );
}
