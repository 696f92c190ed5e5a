import { buildTinyDecoder, buildTinyEncoderGradient } from "../models/autoencoder_tiny.ts";
import { readAutoencoderTinyConfig } from "../models/autoencoder_tiny_config.ts";
import { GradientSession } from "../onnx/gradient_session.ts";
import type { HostTensor } from "../onnx/session.ts";
import type { GradientGraphs } from "../onnx/split_gradient.ts";
import { StateDict } from "../weights/state_dict.ts";
import { floatsOf, type FloatTensor, runOnce, type Verification } from "./verification.ts";
import { compareValues, NETWORK, orFailure, type VerifyLine } from "./verify_line.ts";

/**
 * Compares the tiny autoencoder: latents, their gradient, and the image made of them.
 *
 * The reference takes 2 * image - 1 and does not scale latents, so its gradient is half of ours
 * times the scaling factor. Its decoder does not clip; both images are compared clipped.
 */
export async function* verifyVae(verification: Verification): AsyncGenerator<VerifyLine> {
  const { file } = verification;
  yield* orFailure(`${file.name} tiny.latents`, () => verifyEncoder(verification));
  yield* orFailure(`${file.name} tiny.decoded`, () => verifyDecoder(verification));
  for (const name of file.unused.filter((name) => name.startsWith("kl."))) {
    yield file.skip(name, "AutoencoderKL is not supported yet");
  }
}

async function* verifyEncoder(verification: Verification): AsyncGenerator<VerifyLine> {
  const { file, teacher } = verification;
  const image = file.tensor("image");
  const gradLatents = file.tensor("grad_latents");
  const config = await readAutoencoderTinyConfig(teacher);
  using weights = await StateDict.open(teacher, "vae");
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const graphs = buildTinyEncoderGradient(weights, config, { batch, height, width });
  const feeds = { image, grad_latents: gradLatents };
  const { latents, gradImage } = await runGradient(verification, graphs, feeds);
  const { scalingFactor } = config;
  const unscaled = latents.data.map((value) => value / scalingFactor);
  yield file.compare("tiny.latents", unscaled, NETWORK);
  const gradInput = gradImage.data.map((value) => value / (2 * scalingFactor));
  yield file.compare("tiny.grad_input", gradInput, NETWORK);
}

/** Runs an encoder forward and backward. */
export async function runGradient(
  { gpu, runtime }: Pick<Verification, "gpu" | "runtime">,
  graphs: GradientGraphs,
  feeds: { readonly image: HostTensor; readonly grad_latents: HostTensor },
): Promise<{ readonly latents: FloatTensor; readonly gradImage: FloatTensor }> {
  await using session = await GradientSession.create(gpu, graphs, { runtime });
  const { latents } = floatsOf(await session.forwardHost({ image: feeds.image }));
  const needed = graphs.backward.inputs.map(({ name }) => name);
  const backwardFeeds = Object.fromEntries(
    Object.entries(feeds).filter(([name]) => needed.includes(name)),
  );
  const { grad_image: gradImage } = floatsOf(await session.backwardHost(backwardFeeds));
  return { latents: latents!, gradImage: gradImage! };
}

async function* verifyDecoder(verification: Verification): AsyncGenerator<VerifyLine> {
  const { file, teacher } = verification;
  const { data, shape } = file.tensor("tiny.latents");
  const config = await readAutoencoderTinyConfig(teacher);
  using weights = await StateDict.open(teacher, "vae");
  const [batch, , height, width] = shape as [number, number, number, number];
  const graph = buildTinyDecoder(weights, config, { batch, height, width });
  const latents = { data: data.map((value) => value * config.scalingFactor), shape };
  const { image } = await runOnce(verification, graph, { latents });
  const expected = file.tensor("tiny.decoded").data.map((value) =>
    Math.min(1, Math.max(0, (value + 1) / 2))
  );
  yield compareValues(`${file.name} tiny.decoded`, image!.data, expected, NETWORK);
}
