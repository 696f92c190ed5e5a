import { GpuTensor } from "../../../../kernels/gpu/tensor.ts";
import type { GradientGraphs } from "../../../../lib/onnx/rewrite/split_gradient.ts";
import type { Graph } from "../../../../lib/onnx/graph/graph.ts";
import { GradientSession } from "../../../../lib/onnx/runtime/gradient_session.ts";
import { OrtSessions } from "../../../../lib/onnx/runtime/ort_sessions.ts";
import type { StateDict } from "../../../../lib/weights/state_dict.ts";
import { type GoldenTensor, readGolden } from "../../../support/goldens.ts";
import { gpuTest } from "../../../support/gpu_test.ts";
import { runGraph, WASM_SESSIONS } from "../../onnx/run_graph.ts";
import { assertAgrees, openWeights, runOnWebgpu } from "../agreement.ts";

/** Height and width of the images and latents of the reference, for a factor of 8. */
export const [IMAGE, LATENTS] = [128, 16];
export const encoderSizes = { batch: 1, height: IMAGE, width: IMAGE };
export const decoderSizes = { batch: 1, height: LATENTS, width: LATENTS };

const golden = readGolden("vae");
/** The image of the reference. */
export const image = golden.tensor("image");

/** Returns a tensor with changed values. */
export function mapped(
  { shape, data }: GoldenTensor,
  map: (value: number) => number,
): GoldenTensor {
  return { shape, data: data.map(map) };
}

/** The reference tensors of a class of autoencoders, "kl" or "tiny". */
export function autoencoderGoldens(kind: "kl" | "tiny") {
  return {
    latents: golden.tensor(`${kind}.latents`),
    gradLatents: golden.tensor("grad_latents"),
    /** The reference gradient is with respect to 2 * image - 1. */
    gradImage: mapped(golden.tensor(`${kind}.grad_input`), (value) => 2 * value),
    /** The reference image is 2 * image - 1 and not clipped. */
    decoded: mapped(
      golden.tensor(`${kind}.decoded`),
      (value) => Math.min(1, Math.max(0, (value + 1) / 2)),
    ),
  };
}

/** Builders of a class of autoencoders, with the config of the reference. */
interface AutoencoderBuilders {
  readonly className: string;
  readonly kind: "kl" | "tiny";
  /** Folder of its weights in the teacher of the reference. */
  readonly subfolder: string;
  encoder(weights: StateDict): Graph;
  decoder(weights: StateDict): Graph;
  encoderGradient(weights: StateDict): GradientGraphs;
}

/** Tests that encoder, decoder and gradient agree with diffusers, on the CPU and on WebGPU. */
export function testAgreement(
  { className, kind, subfolder, encoder, decoder, encoderGradient }: AutoencoderBuilders,
): void {
  const { latents, gradLatents, gradImage, decoded } = autoencoderGoldens(kind);

  Deno.test(`the encoder agrees with ${className}`, async () => {
    using weights = await openWeights(subfolder);
    const outputs = await runGraph(encoder(weights), { image });
    assertAgrees(outputs["latents"]!, latents, { name: "latents" });
  });

  Deno.test(`the decoder agrees with ${className}`, async () => {
    using weights = await openWeights(subfolder);
    const outputs = await runGraph(decoder(weights), { latents });
    assertAgrees(outputs["image"]!, decoded, { name: "image" });
  });

  Deno.test(`the encoder's gradient agrees with autograd of ${className}`, async () => {
    using weights = await openWeights(subfolder);
    await using session = await GradientSession.load(WASM_SESSIONS, encoderGradient(weights));
    const forward = await session.forwardHost({ image });
    assertAgrees(forward["latents"]!, latents, { name: "latents" });
    // The reference multiplies latents with the scaling factor, as we do.
    const backward = await session.backwardHost({ grad_latents: gradLatents });
    assertAgrees(backward["grad_image"]!, gradImage, { name: "grad_image" });
  });

  gpuTest(`the encoder's gradient agrees with autograd of ${className} on WebGPU`, async (gpu) => {
    using weights = await openWeights(subfolder);
    const sessions = new OrtSessions({ runtime: "webgpu", gpu });
    await using session = await GradientSession.load(sessions, encoderGradient(weights));
    using imageTensor = GpuTensor.from(gpu, image.data, image.shape, "image");
    using gradTensor = GpuTensor.from(gpu, gradLatents.data, gradLatents.shape, "grad_latents");
    using result = (await session.forward({ image: imageTensor }))["latents"]!;
    const made = { data: await result.read(), shape: result.shape };
    assertAgrees(made, latents, { name: "latents" });
    using grad = (await session.backward({ grad_latents: gradTensor }))["grad_image"]!;
    const gradient = { data: await grad.read(), shape: grad.shape };
    assertAgrees(gradient, gradImage, { name: "grad_image" });
  });

  gpuTest(`the decoder agrees with ${className} on WebGPU`, async (gpu) => {
    using weights = await openWeights(subfolder);
    const outputs = await runOnWebgpu(gpu, decoder(weights), { latents });
    assertAgrees(outputs["image"]!, decoded, { name: "image" });
  });
}
