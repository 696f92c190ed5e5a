import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import { bitBackbone } from "./bit_backbone.ts";
import type { DptConfig } from "./dpt_config.ts";
import { preActResidualLayer, reassembleLayer } from "./dpt_layers.ts";
import { dptVitLayer } from "./dpt_vit_layer.ts";
import { conv2d, linear } from "../layers/weighted_layers.ts";
import { resizePositions } from "./resized_positions.ts";
import { StandardizedWeights } from "./standardized_weights.ts";

/** Weights that do not affect the result: the last normalization, and the first residual layer. */
const UNUSED: readonly RegExp[] = [
  /^dpt\.layernorm\./,
  /^neck\.fusion_stage\.layers\.0\.residual_layer1\./,
];

/** Channels before the last convolution. Source: DPTDepthEstimationHead, which fixes them. */
const HEAD_CHANNELS = 32;

/** Sizes and precision of the graph of a depth estimator. */
export interface DptHybridOptions {
  /** Number of rows, N. */
  readonly batch: number;
  /** Height of the image in pixels, a multiple of the patch size. */
  readonly height: number;
  /** Width of the image in pixels, a multiple of the patch size. */
  readonly width: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/** Tokens of all images; for each image the class token, then the grid row by row. */
interface Tokens {
  /** Shape [N (1 + rows columns), D]. */
  readonly states: Value;
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Builds transformers' DPTForDepthEstimation in its hybrid form, such as Intel/dpt-hybrid-midas: a
 * transformer on the feature maps of a convolutional backbone.
 *
 * Input: `pixel_values` [N, 3, H, W], normalized. Output: `predicted_depth` [N, H', W'] >= 0,
 * without unit; nearer is larger. H' and W' are H and W, rounded up to a multiple of twice the
 * patch size.
 *
 * For another size than that of training, the position embeddings are interpolated, as in the class
 * with `interpolate_pos_encoding`.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/dpt/modeling_dpt.py; Ranftl et al. 2021, https://arxiv.org/abs/2103.13413.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or height or
 * width is not a multiple of the patch size.
 */
export function buildDptHybrid(
  weights: WeightSource,
  config: DptConfig,
  options: DptHybridOptions,
): Graph {
  const { batch, height, width } = options;
  const g = new GraphBuilder("depth estimator", options);
  const standardized = new StandardizedWeights(weights, "dpt.embeddings.backbone");
  const root = new WeightScope(g, standardized);
  const image = g.input("pixel_values", [batch, 3, height, width]);
  const dpt = root.at("dpt");
  const stages = bitBackbone(
    g,
    dpt.at("embeddings").at("backbone"),
    checkedImage(image, config),
    config.backbone,
  );
  const layers = encode(g, dpt, stages.at(-1)!, config);
  const neck = root.at("neck");
  const reassembled = layers.map((tokens, i) =>
    reassemble(g, neck.at("reassemble_stage"), tokens, { index: 2 + i, config })
  );
  const features = [...stages.slice(0, 2), ...reassembled].map((feature, i) =>
    conv2d(g, neck.at("convs").at(i), feature, { channels: config.fusionHiddenSize, bias: false })
  );
  const fused = fuse(g, neck.at("fusion_stage").at("layers"), features);
  const depth = estimate(g, root.at("head").at("head"), fused);
  const [, , outHeight, outWidth] = depth.shape as [number, number, number, number];
  g.output("predicted_depth", g.reshape(depth, [batch, outHeight, outWidth]));
  const last = config.outIndices[1];
  const unusedLayers = Array.from(
    { length: config.layers - 1 - last },
    (_, i) => new RegExp(`^dpt\\.encoder\\.layer\\.${last + 1 + i}\\.`),
  );
  root.assertAllUsed([...UNUSED, ...unusedLayers]);
  return g.build();
}

function checkedImage(image: Value, { patchSize }: DptConfig): Value {
  const [, , height, width] = image.shape as [number, number, number, number];
  if (height % patchSize === 0 && width % patchSize === 0) return image;
  throw new RangeError(
    `Cannot build graph "depth estimator": expected height and width to be multiples of ` +
      `${patchSize}, got ${height} x ${width}`,
  );
}

/**
 * transformers' DPTViTHybridEmbeddings after its backbone, and DPTViTEncoder.
 *
 * @param map Output of the backbone, [N, C, rows, columns].
 * @returns The tokens after the layers that the neck uses.
 */
function encode(g: GraphBuilder, w: WeightScope, map: Value, config: DptConfig): Tokens[] {
  const { hiddenSize: width, imageSize, patchSize, outIndices } = config;
  const [batch, , rows, columns] = map.shape as [number, number, number, number];
  const embeddings = w.at("embeddings");
  const projected = conv2d(g, embeddings.at("projection"), map, { channels: width, kernel: 1 });
  const count = rows * columns;
  const patches = g.transpose(g.reshape(projected, [batch, width, count]), [0, 2, 1]);
  const classToken = embeddings.weight("cls_token", [1, 1, width]);
  const all = g.concat([g.expand(classToken, [batch, 1, width]), patches], 1);
  const trained = Math.floor(imageSize / patchSize);
  const stored = embeddings.weight("position_embeddings", [1, 1 + trained ** 2, width]);
  const grids = [[trained, trained], [rows, columns]] as const;
  const positions = resizePositions(g, stored, grids, "bilinear");
  let states = g.reshape(g.add(all, positions), [batch * (1 + count), width]);
  const results: Tokens[] = [];
  for (let i = 0; i <= outIndices[1]; i++) {
    states = dptVitLayer(g, w.at("encoder").at("layer").at(i), states, { config, batch });
    if (outIndices.includes(i)) results.push({ states, batch, rows, columns });
  }
  return results;
}

/**
 * transformers' DPTReassembleStage for tokens: concatenates each token with the class token,
 * projects it, and arranges the tokens as a feature map.
 *
 * @returns Shape [N, C, rows * factor, columns * factor].
 */
function reassemble(
  g: GraphBuilder,
  w: WeightScope,
  { states, batch, rows, columns }: Tokens,
  { index, config }: { readonly index: number; readonly config: DptConfig },
): Value {
  const width = config.hiddenSize;
  const count = rows * columns;
  const tokens = g.reshape(states, [batch, 1 + count, width]);
  const readout = g.expand(g.slice(tokens, 1, 0, 1), [batch, count, width]);
  const joined = g.concat([g.slice(tokens, 1, 1, 1 + count), readout], 2);
  const project = w.at("readout_projects").at(index).at(0);
  const projected = g.gelu(linear(g, project, joined, { width }));
  const map = g.reshape(g.transpose(projected, [0, 2, 1]), [batch, width, rows, columns]);
  return reassembleLayer(g, w.at("layers").at(index), map, {
    channels: config.neckHiddenSizes[index]!,
    factor: config.reassembleFactors[index - 2]!,
  });
}

/** transformers' DPTFeatureFusionStage: from the coarsest feature map to the finest. */
function fuse(g: GraphBuilder, w: WeightScope, features: readonly Value[]): Value {
  let fused: Value | undefined;
  for (const [i, feature] of features.toReversed().entries()) {
    const layer = w.at(i);
    const joined = fused ? addResidual(g, layer.at("residual_layer1"), fused, feature) : feature;
    const h = preActResidualLayer(g, layer.at("residual_layer2"), joined);
    const projection = { channels: h.shape[1]!, kernel: 1 };
    fused = conv2d(g, layer.at("projection"), upsample2x(g, h), projection);
  }
  return fused!;
}

/** Adds a residual. It is resized first if halving and doubling changed an odd size. */
function addResidual(g: GraphBuilder, w: WeightScope, x: Value, residual: Value): Value {
  const [height, width] = x.shape.slice(2) as [number, number];
  const fits = residual.shape[2] === height && residual.shape[3] === width;
  const resized = fits ? residual : g.resizeBilinear(residual, [height, width]);
  return g.add(x, preActResidualLayer(g, w, resized));
}

/** transformers' DPTDepthEstimationHead. Shapes: x [N, C, h, w] -> [N, 1, 2 h, 2 w]. */
function estimate(g: GraphBuilder, w: WeightScope, x: Value): Value {
  const h = conv2d(g, w.at(0), x, { channels: Math.floor(x.shape[1]! / 2) });
  const active = g.relu(conv2d(g, w.at(2), upsample2x(g, h), { channels: HEAD_CHANNELS }));
  return g.relu(conv2d(g, w.at(4), active, { channels: 1, kernel: 1 }));
}

function upsample2x(g: GraphBuilder, x: Value): Value {
  const [height, width] = x.shape.slice(2).map((size) => 2 * size) as [number, number];
  return g.resizeBilinear(x, [height, width], { alignCorners: true });
}
