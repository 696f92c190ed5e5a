import { GpuContext } from "./device.ts";
import {
  encodeParams,
  type Kernel,
  UNIFORM_ALIGNMENT_BYTES,
  WORKGROUP_SIZE,
  workgroupsFor,
} from "./kernel.ts";
import { type Dispatch, Pass } from "./pass.ts";
import { ShaderError } from "./shader_error.ts";
import { describeShaderErrors, shaderText } from "./shader_text.ts";

/** There is no WebGPU adapter. */
export class NoGpuError extends Error {
  /** Name of the class, as it is printed. */
  override readonly name = "NoGpuError";
}

interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Names of drivers that compute on the CPU. */
const SOFTWARE_ADAPTERS = /llvmpipe|lavapipe|swiftshader|software|basic render/i;

/** A WebGPU device that compiles and runs kernels. */
export class Gpu extends GpuContext implements Disposable {
  /** Name of the adapter, for messages and tables. */
  readonly adapterName: string;
  /** Whether the adapter computes on the CPU. */
  readonly isSoftware: boolean;
  readonly #compiled = new Map<Kernel, CompiledKernel>();
  #uniforms: GPUBuffer | undefined;

  private constructor(device: GPUDevice, adapterName: string) {
    super(device);
    this.adapterName = adapterName;
    this.isSoftware = SOFTWARE_ADAPTERS.test(adapterName);
  }

  /**
   * Requests a device with the limits of the adapter. Needs no permission.
   *
   * @throws {NoGpuError} If there is no adapter. The message names what to install.
   */
  static async request(): Promise<Gpu> {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
      throw new NoGpuError(
        "Cannot find a WebGPU adapter: install a Vulkan driver, " +
          "such as the package mesa-vulkan-drivers on Debian and Ubuntu",
      );
    }
    const { limits, features, info } = adapter;
    const device = await adapter.requestDevice({
      label: "smalti",
      requiredFeatures: (["shader-f16", "subgroups"] as const).filter((name) => features.has(name)),
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxComputeWorkgroupSizeY: limits.maxComputeWorkgroupSizeY,
        maxComputeWorkgroupSizeZ: limits.maxComputeWorkgroupSizeZ,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      },
    });
    const name = [info.description, info.device, info.vendor].find((text) => text) ?? "unknown";
    return new Gpu(device, name);
  }

  /**
   * Compiles kernels ahead of their first use.
   *
   * @throws {ShaderError} If one does not compile. It names the file, the line and the column.
   */
  async compile(...kernels: readonly Kernel[]): Promise<void> {
    for (const kernel of kernels) {
      if (this.#compiled.has(kernel)) continue;
      const { module, layout, descriptor } = this.#describe(kernel);
      const { messages } = await module.getCompilationInfo();
      const errors = messages.filter(({ type }) => type === "error");
      if (errors.length > 0) {
        throw new ShaderError(kernel.name, describeShaderErrors(kernel, errors));
      }
      const pipeline = await this.device.createComputePipelineAsync(descriptor);
      this.#compiled.set(kernel, { pipeline, layout });
    }
  }

  /**
   * Records commands and sends them.
   *
   * Their tensors must outlive this call, and may be disposed of after it.
   *
   * @param record Records the commands into the pass. It is called once, before the return.
   * @throws {DeviceLostError} If the device was lost.
   */
  submit(record: (pass: Pass) => void): void {
    this.assertAlive("submit work");
    const pass = new Pass();
    record(pass);
    const dispatches = pass.commands.filter((command) => "kernel" in command);
    const uniforms = this.#writeUniforms(dispatches);
    const encoder = this.device.createCommandEncoder({ label: "smalti" });
    let compute: GPUComputePassEncoder | undefined;
    let index = 0;
    for (const command of pass.commands) {
      if ("kernel" in command) {
        compute ??= encoder.beginComputePass({ label: "smalti" });
        this.#encode(compute, command, { uniforms: uniforms!, index: index++ });
      } else {
        compute?.end();
        compute = undefined;
        const { from, to } = command;
        encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, from.byteLength);
      }
    }
    compute?.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** Destroys the device and all its resources. */
  [Symbol.dispose](): void {
    this.#uniforms?.destroy();
    this.readback[Symbol.dispose]();
    this.device.destroy();
  }

  /** Writes the uniforms of all dispatches into one buffer, one after the other. */
  #writeUniforms(dispatches: readonly Dispatch[]): GPUBuffer | undefined {
    if (dispatches.length === 0) return undefined;
    const bytes = new Uint8Array(dispatches.length * UNIFORM_ALIGNMENT_BYTES);
    for (const [i, { kernel, params }] of dispatches.entries()) {
      bytes.set(encodeParams(kernel, params), i * UNIFORM_ALIGNMENT_BYTES);
    }
    if (!this.#uniforms || this.#uniforms.size < bytes.length) {
      // Work that was submitted before keeps the old buffer until it is done.
      this.#uniforms?.destroy();
      this.#uniforms = this.device.createBuffer({
        label: "uniforms",
        size: bytes.length,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
    }
    this.device.queue.writeBuffer(this.#uniforms, 0, bytes);
    return this.#uniforms;
  }

  #encode(
    compute: GPUComputePassEncoder,
    { kernel, tensors, invocations }: Dispatch,
    { uniforms, index }: { readonly uniforms: GPUBuffer; readonly index: number },
  ): void {
    const { pipeline, layout } = this.#pipelineOf(kernel);
    const uniform = {
      buffer: uniforms,
      offset: index * UNIFORM_ALIGNMENT_BYTES,
      size: UNIFORM_ALIGNMENT_BYTES,
    };
    const group = this.device.createBindGroup({
      label: kernel.name,
      layout,
      entries: [
        { binding: 0, resource: uniform },
        ...tensors.map(({ buffer }, i) => ({ binding: i + 1, resource: { buffer } })),
      ],
    });
    compute.setPipeline(pipeline);
    compute.setBindGroup(0, group);
    compute.dispatchWorkgroups(...workgroupsFor(invocations));
  }

  #pipelineOf(kernel: Kernel): CompiledKernel {
    let compiled = this.#compiled.get(kernel);
    if (!compiled) {
      const { layout, descriptor } = this.#describe(kernel);
      compiled = { pipeline: this.device.createComputePipeline(descriptor), layout };
      this.#compiled.set(kernel, compiled);
    }
    return compiled;
  }

  #describe(kernel: Kernel) {
    const label = kernel.name;
    const module = this.device.createShaderModule({ label, code: shaderText(kernel) });
    const layout = this.device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform" as const } },
        ...kernel.tensors.map((access, i) => ({
          binding: i + 1,
          visibility: GPUShaderStage.COMPUTE,
          buffer: {
            type: access === "read" ? "read-only-storage" as const : "storage" as const,
          },
        })),
      ],
    });
    const descriptor: GPUComputePipelineDescriptor = {
      label,
      layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main", constants: { WORKGROUP_SIZE } },
    };
    return { module, layout, descriptor };
  }
}
