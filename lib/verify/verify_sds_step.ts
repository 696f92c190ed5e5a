import { encodeAddNoise } from "../../kernels/guidance/add_noise.ts";
import { encodeScoreGradient, scoreWeight } from "../../kernels/guidance/score_gradient.ts";
import { encodePrompts } from "../conditioning/encode_prompts.ts";
import { openTeacherFolder, type TeacherFolder } from "../conditioning/teacher_folder.ts";
import { conditioningFeeds } from "../conditioning/family/model_family.ts";
import { NoiseSchedule } from "../guidance/noise_schedule.ts";
import { GradientSession } from "../onnx/runtime/gradient_session.ts";
import { defined } from "../text/defined.ts";
import { StateDict } from "../weights/state_dict.ts";
import { floatTensors, GpuTensors, type Verification } from "./verification.ts";
import { NETWORK, type TensorComparison } from "./tensor_comparison.ts";
import {
  ADDED_CONTROLNETS,
  addResiduals,
  type DenoiserInputs,
  runControlnet,
  runUnet,
} from "./verify_unet_controlnet.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** Tensors of this file that are compared; the others are inputs of the step. */
const COMPARED = ["latents", "noise_pred", "grad_latents", "grad_image"] as const;

/**
 * Compares a whole step of score distillation, from the prompts and the image to the gradient of
 * the image. Each part takes the computed result of the part before it.
 *
 * The prompt is the first of tokens.json, the negative prompt the second.
 */
export async function* verifySdsStep(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file, tokens, sessions } = verification;
  if (!tokens || tokens.prompts.length < 2) {
    const reason = "there is no tokens.json with a prompt and a negative prompt";
    for (const name of COMPARED) yield file.skip(name, reason);
    return;
  }
  const teacher = await openTeacherFolder(verification.teacher);
  const image = file.tensor("image");
  await using encoder = await createEncoder(verification, teacher, image.shape);
  const { latents } = floatTensors(await encoder.session.forwardHost({ image }));
  yield file.compare("latents", latents!.data, NETWORK);

  const alpha = (await NoiseSchedule.open(verification.teacher))
    .alphaAt(file.tensor("timestep").data[0]!);
  const [prompt, negativePrompt] = tokens.prompts as [string, string];
  const prompts = await encodePrompts(sessions, teacher, { prompt, negativePrompt });
  const noisy = await addNoise(verification, latents!, { alpha, rows: 2 });
  const noisePred = await predictNoise(verification, {
    sample: noisy,
    timestep: file.tensor("timestep"),
    ...conditioningFeeds(prompts),
  });
  yield file.compare("noise_pred", noisePred.data, NETWORK);

  const gradLatents = await scoreGradient(verification, noisePred, alpha);
  yield file.compare("grad_latents", gradLatents.data, NETWORK);

  const feeds = {
    grad_latents: gradLatents,
    ...defined({ image: encoder.needsImage ? image : undefined }),
  };
  const { grad_image: gradImage } = floatTensors(await encoder.session.backwardHost(feeds));
  yield file.compare("grad_image", gradImage!.data, NETWORK);
}

interface Encoder extends AsyncDisposable {
  readonly session: GradientSession;
  /** Whether the backward half also takes the image. */
  readonly needsImage: boolean;
}

async function createEncoder(
  { sessions }: Verification,
  { vae, vaeLocation }: TeacherFolder,
  shape: readonly number[],
): Promise<Encoder> {
  const [batch, , height, width] = shape as [number, number, number, number];
  using weights = await StateDict.open(vaeLocation.folder, vaeLocation.subfolder);
  const graphs = vae.buildEncoderGradient(weights, { batch, height, width });
  const session = await GradientSession.load(sessions, graphs);
  return {
    session,
    needsImage: graphs.backward.inputs.some(({ name }) => name === "image"),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

async function addNoise(
  { file, gpu }: Verification,
  latents: FloatTensor,
  { alpha: alphaCumprod, rows }: { readonly alpha: number; readonly rows: number },
): Promise<FloatTensor> {
  using tensors = new GpuTensors(gpu);
  const noise = tensors.from(file.tensor("noise"), "noise");
  const noisy = tensors.zeros([rows, ...latents.shape.slice(1)], "noisy");
  const clean = tensors.from(latents, "latents");
  gpu.submit((pass) => encodeAddNoise(pass, { latents: clean, noise, noisy }, { alphaCumprod }));
  return { data: await noisy.read(), shape: noisy.shape };
}

async function predictNoise(
  verification: Verification,
  inputs: DenoiserInputs,
): Promise<FloatTensor> {
  const { file } = verification;
  const scales = file.numbers("conditioning_scale");
  const image = file.tensor("control_image");
  const all = [];
  for (const [i, subfolder] of ADDED_CONTROLNETS.entries()) {
    const options = { subfolder, image, scale: scales[i] ?? 0 };
    all.push(await runControlnet(verification, inputs, options));
  }
  return await runUnet(verification, inputs, { subfolder: "unet", residuals: addResiduals(all) });
}

async function scoreGradient(
  { file, gpu }: Verification,
  prediction: FloatTensor,
  alpha: number,
): Promise<FloatTensor> {
  using tensors = new GpuTensors(gpu);
  const noisePred = tensors.from(prediction, "noise_pred");
  const noise = tensors.from(file.tensor("noise"), "noise");
  const gradLatents = tensors.zeros(noise.shape, "grad_latents");
  const options = {
    guidanceScale: file.number("guidance_scale"),
    gradScale: 1,
    weight: scoreWeight(alpha, file.setting("w_mode", isWeightMode, '"cumprod" or "constant"')),
  };
  gpu.submit((pass) => encodeScoreGradient(pass, { noisePred, noise, gradLatents }, options));
  return { data: await gradLatents.read(), shape: gradLatents.shape };
}

function isWeightMode(value: unknown): value is "cumprod" | "constant" {
  return value === "cumprod" || value === "constant";
}
