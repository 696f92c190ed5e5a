import { type Autoencoder, readAutoencoder } from "../models/autoencoder/autoencoder.ts";
import { GradientSession } from "../onnx/runtime/gradient_session.ts";
import type { HostTensor } from "../onnx/runtime/session.ts";
import type { GradientGraphs } from "../onnx/rewrite/split_gradient.ts";
import { StateDict } from "../weights/state_dict.ts";
import { floatTensors, runOnce, type Verification } from "./verification.ts";
import { compareValues, NETWORK, orFailure, type TensorComparison } from "./tensor_comparison.ts";
import type { FloatTensor } from "../onnx/runtime/float_tensor.ts";

/** An autoencoder whose tensors are compared. */
interface Subject {
  /** Prefix of the names of its tensors. */
  readonly prefix: "tiny" | "kl";
  /** Its folder in the teacher. */
  readonly subfolder: string;
  /** Returns the factor of the latents that the reference does not apply. */
  readonly leftOutFactor: (autoencoder: Autoencoder) => number;
}

const SUBJECTS: readonly Subject[] = [
  { prefix: "tiny", subfolder: "vae", leftOutFactor: ({ scalingFactor }) => scalingFactor },
  { prefix: "kl", subfolder: "vae_kl", leftOutFactor: () => 1 },
];

/**
 * Compares both autoencoders: latents, their gradient, and the image made of them.
 *
 * The reference takes 2 * image - 1, so its gradient is half of ours; it scales the latents of
 * AutoencoderKL but not those of AutoencoderTiny. Its decoders do not clip; images are compared
 * clipped.
 */
export async function* verifyVae(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  for (const subject of SUBJECTS) {
    const { prefix } = subject;
    if (!file.has(`${prefix}.latents`)) continue;
    yield* orFailure(`${file.name} ${prefix}.latents`, () => verifyEncoder(verification, subject));
    yield* orFailure(`${file.name} ${prefix}.decoded`, () => verifyDecoder(verification, subject));
  }
}

async function* verifyEncoder(
  verification: Verification,
  { prefix, subfolder, leftOutFactor }: Subject,
): AsyncGenerator<TensorComparison> {
  const { file, teacher } = verification;
  const image = file.tensor("image");
  const gradLatents = file.tensor("grad_latents");
  const autoencoder = await readAutoencoder(teacher, subfolder);
  using weights = await StateDict.open(teacher, subfolder);
  const [batch, , height, width] = image.shape as [number, number, number, number];
  const graphs = autoencoder.buildEncoderGradient(weights, { batch, height, width });
  const feeds = { image, grad_latents: gradLatents };
  const { latents, gradImage } = await runGradient(verification, graphs, feeds);
  const factor = leftOutFactor(autoencoder);
  yield file.compare(`${prefix}.latents`, latents.data.map((value) => value / factor), NETWORK);
  const gradInput = gradImage.data.map((value) => value / (2 * factor));
  yield file.compare(`${prefix}.grad_input`, gradInput, NETWORK);
}

/** Runs an encoder forward and backward. */
async function runGradient(
  { sessions }: Pick<Verification, "sessions">,
  graphs: GradientGraphs,
  feeds: { readonly image: HostTensor; readonly grad_latents: HostTensor },
): Promise<{ readonly latents: FloatTensor; readonly gradImage: FloatTensor }> {
  await using session = await GradientSession.load(sessions, graphs);
  const { latents } = floatTensors(await session.forwardHost({ image: feeds.image }));
  const needed = graphs.backward.inputs.map(({ name }) => name);
  const backwardFeeds = Object.fromEntries(
    Object.entries(feeds).filter(([name]) => needed.includes(name)),
  );
  const { grad_image: gradImage } = floatTensors(await session.backwardHost(backwardFeeds));
  return { latents: latents!, gradImage: gradImage! };
}

async function* verifyDecoder(
  verification: Verification,
  { prefix, subfolder, leftOutFactor }: Subject,
): AsyncGenerator<TensorComparison> {
  const { file, teacher } = verification;
  const { data, shape } = file.tensor(`${prefix}.latents`);
  const autoencoder = await readAutoencoder(teacher, subfolder);
  using weights = await StateDict.open(teacher, subfolder);
  const [batch, , height, width] = shape as [number, number, number, number];
  const graph = autoencoder.buildDecoder(weights, { batch, height, width });
  const factor = leftOutFactor(autoencoder);
  const latents = { data: data.map((value) => value * factor), shape };
  const { image } = await runOnce(verification, graph, { latents });
  const name = `${prefix}.decoded`;
  const expected = file.tensor(name).data.map((value) => Math.min(1, Math.max(0, (value + 1) / 2)));
  yield compareValues(`${file.name} ${name}`, image!.data, expected, NETWORK);
}
