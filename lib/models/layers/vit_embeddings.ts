import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";

/** Weights of the embedding layer of a vision transformer with patches of P x P pixels. */
export interface VitEmbeddings {
  /** Weight of the convolution over patches, [D, 3, P, P]. */
  readonly patchWeight: Value;
  /** Bias of the convolution, [D]. Default: none. */
  readonly patchBias?: Value;
  /** Class token, which precedes those of the patches; D values. */
  readonly classToken: Value;
  /** Position embeddings, (1 + rows * columns) * D values. */
  readonly positions: Value;
}

/**
 * Embeds images as tokens: a class token, then a token per patch, row by row.
 *
 * Source: Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929, Eq. 1.
 *
 * @param image Shape [N, 3, H, W].
 * @returns Tokens of all images, concatenated: [N (1 + H W / P²), D].
 */
export function embedPatches(g: GraphBuilder, image: Value, weights: VitEmbeddings): Value {
  const { patchWeight, patchBias, classToken, positions } = weights;
  const [width, , size] = patchWeight.shape as [number, number, number];
  const batch = image.shape[0]!;
  const patches = g.conv(image, patchWeight, patchBias, { strides: size });
  const count = patches.shape[2]! * patches.shape[3]!;
  const tokens = g.transpose(g.reshape(patches, [batch, width, count]), [0, 2, 1]);
  const first = g.expand(g.reshape(classToken, [1, 1, width]), [batch, 1, width]);
  const all = g.concat([first, tokens], 1);
  const positioned = g.add(all, g.reshape(positions, [1, 1 + count, width]));
  return g.reshape(positioned, [batch * (1 + count), width]);
}
