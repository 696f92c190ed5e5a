import { encodeGrayscale } from "../../kernels/augment/grayscale.ts";
import { encodeGrayscaleBackward } from "../../kernels/augment/grayscale_backward.ts";
import { encodePerspective } from "../../kernels/augment/perspective.ts";
import { encodePerspectiveBackward } from "../../kernels/augment/perspective_backward.ts";
import {
  type Corner,
  perspectiveCoefficients,
} from "../../kernels/augment/perspective_coefficients.ts";
import { encodeResize, type ResizeMode } from "../../kernels/augment/resize.ts";
import { encodeResizeBackward } from "../../kernels/augment/resize_backward.ts";
import type { Pass } from "../../kernels/gpu/pass.ts";
import type { GpuTensor } from "../../kernels/gpu/tensor.ts";
import type { ReferenceTensor } from "./reference_file.ts";
import { GpuTensors, type Verification } from "./verification.ts";
import { KERNEL, type Limit, orFailure, type TensorComparison } from "./tensor_comparison.ts";

/** Rounding of positions in torch, as a share of the axis: its float32 grid is in [-1, 1]. */
const GRID_ROUNDING = 2 ** -23;

const RESIZE_MODES: readonly ResizeMode[] = ["bilinear", "nearest", "nearest-exact", "area"];

/** A transform of an image and its gradient. */
interface Change {
  readonly forward: (pass: Pass, tensors: { image: GpuTensor; out: GpuTensor }) => void;
  readonly backward: (pass: Pass, tensors: { gradOut: GpuTensor; gradImage: GpuTensor }) => void;
}

/** Compares resizing, augmentations, and their gradients. */
export async function* verifyAugment(verification: Verification): AsyncGenerator<TensorComparison> {
  const { file } = verification;
  for (const mode of RESIZE_MODES) {
    if (!file.has(`resize.${mode}.out`)) continue;
    const options = { mode, layout: "chw" } as const;
    yield* verifyChange(verification, {
      image: "resize.image",
      prefix: `resize.${mode}`,
      change: {
        forward: (pass, tensors) => encodeResize(pass, tensors, options),
        backward: (pass, tensors) => encodeResizeBackward(pass, tensors, options),
      },
      limitOf: () => KERNEL,
    });
  }
  const image = "augment.image";
  yield* verifyChange(verification, {
    image,
    prefix: "augment.grayscale",
    change: { forward: encodeGrayscale, backward: encodeGrayscaleBackward },
    limitOf: () => KERNEL,
  });
  yield* orFailure(`${file.name} augment.perspective`, async function* () {
    const coefficients = perspectiveCoefficients(
      corners(file.tensor("augment.perspective.startpoints")),
      corners(file.tensor("augment.perspective.endpoints")),
    );
    yield* verifyChange(verification, {
      image,
      prefix: "augment.perspective",
      change: {
        forward: (pass, tensors) => encodePerspective(pass, tensors, { coefficients }),
        backward: (pass, tensors) => encodePerspectiveBackward(pass, tensors, { coefficients }),
      },
      limitOf: perspectiveLimit,
    });
  });
}

async function* verifyChange(
  { file, gpu }: Verification,
  { image: name, prefix, change, limitOf }: {
    readonly image: string;
    readonly prefix: string;
    readonly change: Change;
    readonly limitOf: (read: ReferenceTensor) => Limit;
  },
): AsyncGenerator<TensorComparison> {
  using tensors = new GpuTensors(gpu);
  const references = { image: file.tensor(name), gradOut: file.tensor(`${prefix}.grad_out`) };
  const image = tensors.from(references.image, "image");
  const gradOut = tensors.from(references.gradOut, "grad_out");
  const out = tensors.zeros(gradOut.shape, "out");
  const gradImage = tensors.zeros(image.shape, "grad_image");
  gpu.submit((pass) => {
    change.forward(pass, { image, out });
    change.backward(pass, { gradOut, gradImage });
  });
  yield file.compare(`${prefix}.out`, await out.read(), limitOf(references.image));
  yield file.compare(`${prefix}.grad_image`, await gradImage.read(), limitOf(references.gradOut));
}

/**
 * Rounding of a position changes a value by that rounding times the difference of adjacent pixels,
 * which is at most the range of the image.
 */
function perspectiveLimit({ data, shape }: ReferenceTensor): Limit {
  const range = data.reduce((max, value) => Math.max(max, value), -Infinity) -
    data.reduce((min, value) => Math.min(min, value), Infinity);
  const size = Math.max(...shape.slice(-2));
  return { maxAbs: KERNEL.maxAbs! + GRID_ROUNDING * size * range };
}

function corners({ data }: ReferenceTensor): Corner[] {
  return [0, 2, 4, 6].map((i) => [data[i]!, data[i + 1]!]);
}
