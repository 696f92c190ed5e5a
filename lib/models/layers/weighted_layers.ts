import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";

/** torch.nn.Linear. Shapes: x [..., I] -> [..., width]. */
export function linear(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  options: { readonly width: number; readonly bias?: boolean },
): Value {
  const { width, bias = true } = options;
  const weight = w.weight("weight", [width, x.shape.at(-1)!]);
  return g.linear(x, weight, bias ? w.weight("bias", [width]) : undefined);
}

/** Options of {@linkcode conv2d}. It pads so that a stride of 1 keeps height and width. */
export interface Conv2dOptions {
  /** Channels of the output. */
  readonly channels: number;
  /** Height and width of the kernel, odd. Default: 3. */
  readonly kernel?: number;
  /** Stride along height and width. Default: 1. */
  readonly stride?: number;
  /** Whether it has a bias. Default: true. */
  readonly bias?: boolean;
}

/** torch.nn.Conv2d. Shapes: x [N, C, h, w] -> [N, channels, h / stride, w / stride]. */
export function conv2d(g: GraphBuilder, w: WeightScope, x: Value, options: Conv2dOptions): Value {
  const { channels, kernel = 3, stride = 1, bias = true } = options;
  const weight = w.weight("weight", [channels, x.shape[1]!, kernel, kernel]);
  return g.conv(x, weight, bias ? w.weight("bias", [channels]) : undefined, {
    pads: (kernel - 1) / 2,
    strides: stride,
  });
}

/** torch.nn.GroupNorm. Shapes: x [N, C, h, w] -> the same. */
export function groupNorm(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  options: { readonly groups: number; readonly epsilon: number },
): Value {
  const channels = x.shape[1]!;
  const [scale, bias] = [w.weight("weight", [channels]), w.weight("bias", [channels])];
  return g.groupNormalization(x, scale, bias, options.groups, options.epsilon);
}

/** torch.nn.LayerNorm. Shapes: x [..., D] -> the same. */
export function layerNorm(g: GraphBuilder, w: WeightScope, x: Value, epsilon: number): Value {
  const width = x.shape.at(-1)!;
  return g.layerNormalization(x, w.weight("weight", [width]), w.weight("bias", [width]), epsilon);
}
