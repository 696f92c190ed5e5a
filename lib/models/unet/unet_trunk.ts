import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { NetworkPrecision } from "../../onnx/runtime/network_precision.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { timestepEmbedding, timesteps } from "./timestep_embedding.ts";
import { downBlock2d, midBlock2d, type UnetBlockContext } from "./unet_2d_blocks.ts";
import { type AddedConditions, TIME_IDS, type UnetTrunkConfig } from "./unet_trunk_config.ts";

/** Timesteps and time ids stay float32: float16 cannot represent all of them. */
const EXACT = { cast: false };

/** Sizes and precision of the graph of a UNet or a ControlNet. */
export interface UnetGraphOptions extends NetworkPrecision {
  /** Rows of the batch, N: a multiple of `pictures`. */
  readonly batch: number;
  /**
   * Pictures in the batch, B, with N / B rows each. Each picture has its own timestep, and in a
   * ControlNet its own control image and scale. Default: 1.
   */
  readonly pictures?: number;
  /** Height of the latents. */
  readonly height: number;
  /** Width of the latents. */
  readonly width: number;
  /** Number of tokens of a prompt, L. */
  readonly promptLength: number;
}

/** Inputs that a UNet and its ControlNets share, as their blocks use them. */
export interface UnetInputs {
  /** Noisy latents, [N, C, h, w]. */
  readonly sample: Value;
  /** What all blocks share. */
  readonly context: UnetBlockContext;
}

/**
 * Declares the inputs `sample`, `timestep`, `encoder_hidden_states` and those of
 * {@linkcode AddedConditions}, and computes the time embedding.
 *
 * @throws {RangeError} If `batch` is not a multiple of `pictures`.
 */
export function unetInputs(
  g: GraphBuilder,
  w: WeightScope,
  config: UnetTrunkConfig,
  options: UnetGraphOptions,
): UnetInputs {
  const { batch, pictures = 1, height, width, promptLength } = options;
  if (batch % pictures !== 0) {
    throw new RangeError(
      `Cannot build graph "${g.name}": expected a multiple of ${pictures} rows, got ${batch}`,
    );
  }
  const { timeEmbedDim, crossAttentionDim, addedConditions } = config;
  const sample = g.input("sample", [batch, config.inChannels, height, width]);
  const timestep = g.input("timestep", [pictures], "float32", EXACT);
  const tokens = g.input("encoder_hidden_states", [batch, promptLength, crossAttentionDim]);
  const conditions = addedConditions && addedInput(g, batch, config, addedConditions);
  const sinusoids = timesteps(g, timestep, { ...config, width: config.downBlocks[0]!.channels });
  const time = timestepEmbedding(g, w.at("time_embedding"), sinusoids, timeEmbedDim);
  const timeEmbeds = conditions
    ? addToRows(g, time, timestepEmbedding(g, w.at("add_embedding"), conditions, timeEmbedDim))
    : repeatToRows(g, time, batch);
  const prompt = g.reshape(tokens, [batch * promptLength, crossAttentionDim]);
  return { sample, context: { g, activeTimeEmbeds: g.silu(timeEmbeds), prompt, config } };
}

/** Declares the inputs of added conditions and returns what is embedded, [N, P + 6 * sinusoids]. */
function addedInput(
  g: GraphBuilder,
  batch: number,
  config: UnetTrunkConfig,
  { textEmbedDim, additionTimeEmbedDim }: AddedConditions,
): Value {
  const textEmbeds = g.input("text_embeds", [batch, textEmbedDim]);
  const timeIds = g.input("time_ids", [batch, TIME_IDS], "float32", EXACT);
  const sinusoids = timesteps(g, timeIds, { ...config, width: additionTimeEmbedDim });
  return g.concat([textEmbeds, g.reshape(sinusoids, [batch, -1])], 1);
}

/** Repeats a row per picture for all rows of the picture. Shapes: x [B, E] -> [N, E], or [1, E]. */
function repeatToRows(g: GraphBuilder, x: Value, rows: number): Value {
  const [pictures, width] = x.shape as [number, number];
  if (pictures === 1) return x;
  const repeated = g.expand(
    g.reshape(x, [pictures, 1, width]),
    [pictures, rows / pictures, width],
  );
  return g.reshape(repeated, [rows, width]);
}

/**
 * Adds a tensor per picture to all rows of the picture.
 * Shapes: perPicture [B, …], rows [N, …] -> [N, …], with N / B rows per picture.
 */
export function addToRows(g: GraphBuilder, perPicture: Value, rows: Value): Value {
  const [pictures, ...rest] = perPicture.shape as [number, ...number[]];
  if (pictures === 1) return g.add(perPicture, rows);
  const grouped = g.reshape(rows, [pictures, rows.shape[0]! / pictures, ...rest]);
  return g.reshape(g.add(g.reshape(perPicture, [pictures, 1, ...rest]), grouped), rows.shape);
}

/**
 * Builds the down blocks.
 *
 * @param x Output of the first convolution, [N, C, h, w].
 * @returns The skip connections: first `x`, last the output.
 */
export function downBlocks(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  blocks: UnetTrunkConfig["downBlocks"],
): Value[] {
  const states = [x];
  for (const [i, block] of blocks.entries()) {
    const downsample = i < blocks.length - 1;
    const scope = w.at("down_blocks").at(i);
    states.push(...downBlock2d(context, scope, states.at(-1)!, { block, downsample }));
  }
  return states;
}

/** Builds the middle block; returns `x` if there is none. */
export function midBlock(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  block: UnetTrunkConfig["midBlock"],
): Value {
  return block ? midBlock2d(context, w.at("mid_block"), x, block) : x;
}
