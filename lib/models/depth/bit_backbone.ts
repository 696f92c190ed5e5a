import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import type { BitConfig } from "./bit_config.ts";
import { groupNorm } from "../layers/weighted_layers.ts";

/** Added to the variance of a group. Source: default of BitGroupNormActivation. */
const GROUP_EPSILON = 1e-5;
/** Inner channels per output channel. Source: `bottle_ratio` of BitBottleneckLayer. */
const BOTTLENECK = 0.25;
/** Inner channels are a multiple of this. Source: transformers' `make_div`. */
const CHANNEL_STEP = 8;

/** Options of a convolution with "same" padding. An odd padding is larger at the end. */
interface SameConvOptions {
  readonly channels: number;
  readonly kernel: number;
  readonly stride?: number;
}

/**
 * transformers' BitBackbone of bottleneck layers: a ResNet with group normalization and
 * TensorFlow's "same" padding.
 *
 * The weights of its convolutions must be standardized: see `StandardizedWeights`.
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/bit/modeling_bit.py; Kolesnikov et al. 2019, https://arxiv.org/abs/1912.11370.
 *
 * @param image Shape [N, 3, H, W].
 * @returns The outputs of the stages, at 1/4, 1/8 and 1/16 of the size.
 */
export function bitBackbone(
  g: GraphBuilder,
  w: WeightScope,
  image: Value,
  config: BitConfig,
): Value[] {
  const root = w.at("bit");
  const embedder = root.at("embedder");
  const stem = sameConv(g, embedder.at("convolution"), image, {
    channels: config.embeddingSize,
    kernel: 7,
    stride: 2,
  });
  let h = maxPool(g, g.relu(norm(g, embedder.at("norm"), stem, config)), { kernel: 3, stride: 2 });
  return config.depths.map((depth, stage) => {
    const layers = root.at("encoder").at("stages").at(stage).at("layers");
    for (let i = 0; i < depth; i++) {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const channels = config.hiddenSizes[stage]!;
      h = bottleneckLayer(g, layers.at(i), h, { channels, stride, isFirst: i === 0, config });
    }
    return h;
  });
}

/**
 * transformers' BitBottleneckLayer. Shapes: x [N, C, h, w] -> [N, channels, h / stride, w /
 * stride].
 */
function bottleneckLayer(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  { channels, stride, isFirst, config }: {
    readonly channels: number;
    readonly stride: number;
    readonly isFirst: boolean;
    readonly config: BitConfig;
  },
): Value {
  const inner = bottleneckChannels(channels);
  let shortcut = x;
  if (isFirst) {
    const down = w.at("downsample");
    const resized = sameConv(g, down.at("conv"), x, { channels, kernel: 1, stride });
    shortcut = norm(g, down.at("norm"), resized, config);
  }
  let h = sameConv(g, w.at("conv1"), x, { channels: inner, kernel: 1 });
  h = g.relu(norm(g, w.at("norm1"), h, config));
  h = sameConv(g, w.at("conv2"), h, { channels: inner, kernel: 3, stride });
  h = g.relu(norm(g, w.at("norm2"), h, config));
  h = sameConv(g, w.at("conv3"), h, { channels, kernel: 1 });
  return g.relu(g.add(norm(g, w.at("norm3"), h, config), shortcut));
}

/** transformers' `make_div`: the nearest multiple of 8 that is at least 90 percent. */
function bottleneckChannels(channels: number): number {
  const wanted = channels * BOTTLENECK;
  const nearest = Math.floor((wanted + CHANNEL_STEP / 2) / CHANNEL_STEP) * CHANNEL_STEP;
  const rounded = Math.max(CHANNEL_STEP, nearest);
  return rounded < 0.9 * wanted ? rounded + CHANNEL_STEP : rounded;
}

function norm(g: GraphBuilder, w: WeightScope, x: Value, { groups }: BitConfig): Value {
  return groupNorm(g, w, x, { groups, epsilon: GROUP_EPSILON });
}

/** transformers' WeightStandardizedConv2d without the standardization. */
function sameConv(g: GraphBuilder, w: WeightScope, x: Value, options: SameConvOptions): Value {
  const { channels, kernel, stride = 1 } = options;
  const weight = w.weight("weight", [channels, x.shape[1]!, kernel, kernel]);
  return g.conv(x, weight, undefined, { strides: stride, pads: samePads(x, { kernel, stride }) });
}

/**
 * transformers' BitMaxPool2d. It pads with zeros, ONNX with -infinity: no difference, because the
 * input is not negative.
 */
function maxPool(
  g: GraphBuilder,
  x: Value,
  { kernel, stride }: { readonly kernel: number; readonly stride: number },
): Value {
  const [n, c, ...sizes] = x.shape as [number, number, number, number];
  const attributes = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: samePads(x, { kernel, stride }),
  };
  const shape = [n, c, ...sizes.map((size) => Math.ceil(size / stride))];
  return g.node("MaxPool", { inputs: [x], attributes }, x.type, shape);
}

/** Pads of TensorFlow's "same": top, left, bottom, right. The output has size ceil(x / stride). */
function samePads(
  x: Value,
  { kernel, stride }: { readonly kernel: number; readonly stride: number },
): [number, number, number, number] {
  const [vertical, horizontal] = x.shape.slice(2).map((size) =>
    Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size)
  ) as [number, number];
  const [top, left] = [vertical >> 1, horizontal >> 1];
  return [top, left, vertical - top, horizontal - left];
}
