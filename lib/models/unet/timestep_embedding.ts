import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { linear } from "../layers/weighted_layers.ts";

/**
 * Max period of the sinusoids, divided by 2 pi.
 *
 * Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5.
 */
const MAX_PERIOD = 10_000;
/** 2 pi as a sum; products of the first part with integers below 2^15 are exact in float32. */
const [TURN_HIGH, TURN_LOW] = [6.28125, 0.0019353071795864769];

/** Options of {@linkcode timesteps}. */
export interface TimestepsOptions {
  /** Number of sinusoids per input number; even. */
  readonly width: number;
  /** Whether the cosines come first. */
  readonly flipSinToCos: boolean;
  /** Subtracted from the number of frequencies in the exponent. */
  readonly freqShift: number;
}

/**
 * diffusers' Timesteps: sinusoids of geometric frequencies. Shapes: x [...] float32 -> [size,
 * width].
 *
 * Computed in float32 and converted to the precision of the graph. Angles are first reduced to one
 * turn, because GPUs compute sine and cosine exactly only there.
 *
 * Source:
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/models/embeddings.py,
 * `get_timestep_embedding`.
 */
export function timesteps(g: GraphBuilder, x: Value, options: TimestepsOptions): Value {
  const { width, flipSinToCos, freqShift } = options;
  const half = width / 2;
  const frequencies = g.constant(frequenciesOf(half, freqShift), [1, half], "float32");
  const angles = g.mul(g.reshape(x, [shapeSize(x.shape), 1]), frequencies);
  const turns = g.floor(g.mul(angles, 1 / (TURN_HIGH + TURN_LOW)));
  const rest = g.sub(g.sub(angles, g.mul(turns, TURN_HIGH)), g.mul(turns, TURN_LOW));
  const [sines, cosines] = [g.sin(rest), g.cos(rest)];
  const sinusoids = g.concat(flipSinToCos ? [cosines, sines] : [sines, cosines], 1);
  return g.cast(sinusoids, g.precision);
}

/** Rounds to float32 at the steps of the reference, so that even the largest angles agree. */
function frequenciesOf(count: number, shift: number): Float32Array {
  const slope = Math.fround(-Math.log(MAX_PERIOD));
  return Float32Array.from(
    { length: count },
    (_, i) => Math.exp(Math.fround(Math.fround(slope * i) / (count - shift))),
  );
}

/** diffusers' TimestepEmbedding. Shapes: x [N, I] -> [N, width]. */
export function timestepEmbedding(
  g: GraphBuilder,
  w: WeightScope,
  x: Value,
  width: number,
): Value {
  const hidden = g.silu(linear(g, w.at("linear_1"), x, { width }));
  return linear(g, w.at("linear_2"), hidden, { width });
}
