import type { Value } from "../../onnx/graph/graph.ts";
import type { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { NetworkPrecision } from "../../onnx/runtime/network_precision.ts";
import type { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { timestepEmbedding, timesteps } from "./timestep_embedding.ts";
import { downBlock2d, midBlock2d, type UnetBlockContext } from "./unet_2d_blocks.ts";
import { TIME_IDS, type UnetTrunkConfig } from "./unet_trunk_config.ts";

/** Sizes and precision of the graph of a UNet or a ControlNet. */
export interface UnetGraphOptions extends NetworkPrecision {
  /** Rows of the batch, a multiple of the pictures. */
  readonly batch: number;
  /**
   * Pictures in the batch, as many rows each; each has a timestep of its own, and in a ControlNet an
   * image and a factor of its own. Default: 1.
   */
  readonly pictures?: number;
  /** Height of the latents. */
  readonly height: number;
  /** Width of the latents. */
  readonly width: number;
  /** Tokens of a prompt. */
  readonly promptLength: number;
}

/** What a UNet and its ControlNets are given, and what they make of it first. */
export interface UnetInputs {
  /** Noisy latents, [N, C, h, w]. */
  readonly sample: Value;
  /** What all blocks share. */
  readonly context: UnetBlockContext;
}

/**
 * Declares the inputs `sample`, `timestep`, `encoder_hidden_states`, `text_embeds` and `time_ids`,
 * and embeds the timesteps and what is added to them.
 *
 * @throws {RangeError} If the rows are no multiple of the pictures.
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
      `Cannot build graph "${g.name}": expected rows for each of ${pictures} pictures, got ${batch}`,
    );
  }
  const { timeEmbedDim, flipSinToCos, freqShift, crossAttentionDim } = config;
  const exact = { cast: false };
  const sample = g.input("sample", [batch, config.inChannels, height, width]);
  const timestep = g.input("timestep", [pictures], "float32", exact);
  const tokens = g.input("encoder_hidden_states", [batch, promptLength, crossAttentionDim]);
  const textEmbeds = g.input("text_embeds", [batch, config.textEmbedDim]);
  const timeIds = g.input("time_ids", [batch, TIME_IDS], "float32", exact);
  const sinusoids = (x: Value, sinusoidWidth: number) =>
    timesteps(g, x, { width: sinusoidWidth, flipSinToCos, freqShift });
  const time = sinusoids(timestep, config.downBlocks[0]!.channels);
  const sizes = g.reshape(sinusoids(timeIds, config.additionTimeEmbedDim), [batch, -1]);
  const timeEmbeds = addToRows(
    g,
    timestepEmbedding(g, w.at("time_embedding"), time, timeEmbedDim),
    timestepEmbedding(g, w.at("add_embedding"), g.concat([textEmbeds, sizes], 1), timeEmbedDim),
  );
  const prompt = g.reshape(tokens, [batch * promptLength, crossAttentionDim]);
  return { sample, context: { g, activeTimeEmbeds: g.silu(timeEmbeds), prompt, config } };
}

/**
 * Adds what each picture has once to all of its rows. Shapes: own [B, …], rows [N, …] -> [N, …] for B
 * pictures of N / B rows.
 */
export function addToRows(g: GraphBuilder, own: Value, rows: Value): Value {
  const [pictures, ...sides] = own.shape as [number, ...number[]];
  if (pictures === 1) return g.add(own, rows);
  const apart = g.reshape(rows, [pictures, rows.shape[0]! / pictures, ...sides]);
  return g.reshape(g.add(g.reshape(own, [pictures, 1, ...sides]), apart), rows.shape);
}

/**
 * Builds the way down.
 *
 * @param x Latents behind the first convolution, [N, C, h, w].
 * @returns All states for the way up; the first is `x`, the last is the result.
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

/** Builds the middle block, if there is one. */
export function midBlock(
  context: UnetBlockContext,
  w: WeightScope,
  x: Value,
  block: UnetTrunkConfig["midBlock"],
): Value {
  return block ? midBlock2d(context, w.at("mid_block"), x, block) : x;
}
