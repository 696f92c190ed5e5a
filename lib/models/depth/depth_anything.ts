import type { FloatType } from "../../weights/float16.ts";
import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { DepthAnythingConfig } from "./depth_anything_config.ts";
import { dinov2Backbone } from "./dinov2_backbone.ts";
import { preActResidualLayer, reassembleLayer } from "./dpt_layers.ts";
import { conv2d } from "../layers/weighted_layers.ts";

/** Weights that do not affect the result: a token for training, and the first residual layer. */
const UNUSED: readonly RegExp[] = [
  /^backbone\.embeddings\.mask_token$/,
  /^neck\.fusion_stage\.layers\.0\.residual_layer1\./,
];

/** Sizes and precision of the graph of a depth estimator. */
export interface DepthAnythingOptions {
  /** Number of rows, N. */
  readonly batch: number;
  /** Height of the image in pixels, a multiple of the patch size. */
  readonly height: number;
  /** Width of the image in pixels, a multiple of the patch size. */
  readonly width: number;
  /** Precision of the computation. Default: "float32". */
  readonly precision?: FloatType;
}

/**
 * Builds transformers' DepthAnythingForDepthEstimation, versions 1 and 2.
 *
 * Input: `pixel_values` [N, 3, H, W], normalized. Output: `predicted_depth` [N, H, W] >= 0, without
 * unit; nearer is larger.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/depth_anything/modeling_depth_anything.py; Yang et al. 2024, https://arxiv.org/abs/2406.09414.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or height or
 * width is not a multiple of the patch size.
 */
export function buildDepthAnything(
  weights: WeightSource,
  config: DepthAnythingConfig,
  options: DepthAnythingOptions,
): Graph {
  const { batch, height, width } = options;
  const g = new GraphBuilder("depth estimator", options);
  const root = new WeightScope(g, weights);
  const image = g.input("pixel_values", [batch, 3, height, width]);
  const states = dinov2Backbone(g, root.at("backbone"), image, config.backbone);
  const neck = root.at("neck");
  const features = states.map((state, i) => {
    const layer = neck.at("reassemble_stage").at("layers").at(i);
    const resized = reassembleLayer(g, layer, g.transpose(state, [0, 3, 1, 2]), {
      channels: config.neckHiddenSizes[i]!,
      factor: config.reassembleFactors[i]!,
    });
    const conv = { channels: config.fusionHiddenSize, bias: false };
    return conv2d(g, neck.at("convs").at(i), resized, conv);
  });
  const fused = fuse(g, neck.at("fusion_stage").at("layers"), features);
  const depth = estimate(g, root.at("head"), fused, { size: [height, width], config });
  g.output("predicted_depth", g.reshape(depth, [batch, height, width]));
  const last = config.backbone.outIndices.at(-1)!;
  const unusedLayers = Array.from(
    { length: config.backbone.layers - last },
    (_, i) => new RegExp(`^backbone\\.encoder\\.layer\\.${last + i}\\.`),
  );
  root.assertAllUsed([...UNUSED, ...unusedLayers]);
  return g.build();
}

/** transformers' DepthAnythingFeatureFusionStage: from the coarsest feature map to the finest. */
function fuse(g: GraphBuilder, w: WeightScope, features: readonly Value[]): Value {
  const states = features.toReversed();
  let fused: Value | undefined;
  for (const [i, state] of states.entries()) {
    const layer = w.at(i);
    const joined = fused
      ? g.add(fused, preActResidualLayer(g, layer.at("residual_layer1"), state))
      : state;
    const h = preActResidualLayer(g, layer.at("residual_layer2"), joined);
    const [height, width] = (states[i + 1]?.shape.slice(2) ??
      h.shape.slice(2).map((size) => 2 * size)) as [number, number];
    const resized = g.resizeBilinear(h, [height, width], { alignCorners: true });
    fused = conv2d(g, layer.at("projection"), resized, { channels: h.shape[1]!, kernel: 1 });
  }
  return fused!;
}

/** transformers' DepthAnythingDepthEstimationHead. Shapes: x [N, C, h, w] -> [N, 1, H, W]. */
function estimate(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { size, config }: {
    readonly size: readonly [number, number];
    readonly config: DepthAnythingConfig;
  },
): Value {
  const { fusionHiddenSize, headHiddenSize } = config;
  const h = conv2d(g, w.at("conv1"), x, { channels: Math.floor(fusionHiddenSize / 2) });
  const resized = g.resizeBilinear(h, size, { alignCorners: true });
  const active = g.relu(conv2d(g, w.at("conv2"), resized, { channels: headHiddenSize }));
  return g.relu(conv2d(g, w.at("conv3"), active, { channels: 1, kernel: 1 }));
}
