import type { WeightSource } from "../../weights/weight_source.ts";
import type { Graph, Value } from "../../onnx/graph/graph.ts";
import { GraphBuilder } from "../../onnx/graph/graph_builder.ts";
import type { NetworkPrecision } from "../../onnx/runtime/network_precision.ts";
import { quantizeLinears } from "../../onnx/rewrite/quantize_linears.ts";
import { WeightScope } from "../../onnx/graph/weight_scope.ts";
import { clipEncoderLayer } from "./clip_encoder_layer.ts";
import type { ClipTextConfig } from "./clip_text_config.ts";
import { layerNorm, linear } from "../layers/weighted_layers.ts";

/**
 * End token in the files of older checkpoints. It is wrong: their text is pooled at the token with
 * the highest id.
 *
 * Source: CLIPTextTransformer of transformers.
 */
const LEGACY_EOS_TOKEN_ID = 2;

/** Position ids (0, 1, 2, ...), which old checkpoints store beside the weights. */
export const POSITION_IDS = /(^|\.)embeddings\.position_ids$/;

/** Projection of pooled texts, which a graph without projection does not use. */
const PROJECTION = /^text_projection\./;

/** Which hidden states a text encoder returns. */
export interface ClipStates {
  /** Layer whose output is returned, counted from the last: 1 is the last one. */
  readonly layerFromEnd: number;
  /** Whether the final layer normalization is applied to it. */
  readonly normalized: boolean;
}

/** The states that SDXL uses: the input of the last layer. */
export const PENULTIMATE_STATES: ClipStates = { layerFromEnd: 2, normalized: false };

/** Sizes and precision of the graph of a text encoder. */
export interface ClipTextOptions extends NetworkPrecision {
  /** Number of rows, N. */
  readonly batch: number;
  /** Number of tokens of a text, L. */
  readonly length: number;
  /** The returned states. Default: {@linkcode PENULTIMATE_STATES}. */
  readonly states?: ClipStates;
}

/**
 * Builds transformers' CLIPTextModel or CLIPTextModelWithProjection.
 *
 * Input: `input_ids` int64 [N, L]. Outputs: `hidden_states` [N, L, D], the states of
 * {@linkcode ClipTextOptions.states}; with projection also `text_embeds` [N, P].
 *
 * Source:
 * https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/clip/modeling_clip.py.
 *
 * @throws {RangeError} If a weight is missing or left over, or its shape differs, or the
 * texts are longer than the model allows, or there is no such layer.
 */
export function buildClipTextModel(
  weights: WeightSource,
  config: ClipTextConfig,
  options: ClipTextOptions,
): Graph {
  const { batch, length, states = PENULTIMATE_STATES } = options;
  const g = new GraphBuilder("text encoder", options);
  const root = new WeightScope(g, weights);
  const ids = g.input("input_ids", [batch, length], "int64");
  const { hiddenStates, textEmbeds } = clipText(g, root, ids, { ...config, states });
  g.output("hidden_states", g.reshape(hiddenStates, [batch, length, config.hiddenSize]));
  if (textEmbeds) g.output("text_embeds", textEmbeds);
  root.assertAllUsed([POSITION_IDS, ...textEmbeds ? [] : unusedWeights(root, config, states)]);
  return quantizeLinears(g.build(), options);
}

/** Lists patterns of the weights behind the returned states, for a graph without projection. */
function unusedWeights(root: WeightScope, config: ClipTextConfig, states: ClipStates): RegExp[] {
  const w = textScope(root);
  const count = states.layerFromEnd - 1;
  const layers = Array.from(
    { length: count },
    (_, i) => startsWith(`${w.at("encoder").at("layers").at(config.layers - 1 - i).path}.`),
  );
  const end = states.normalized ? [] : [startsWith(`${w.at("final_layer_norm").path}.`)];
  return [PROJECTION, ...layers, ...end];
}

/** Options of {@linkcode clipText}. */
export interface ClipTextLayers extends ClipTextConfig {
  /** The returned states. */
  readonly states: ClipStates;
}

/**
 * Adds a text encoder to a graph.
 *
 * @param root Scope of the checkpoint, with or without the prefix `text_model`.
 * @param ids Token ids, int64 [N, L].
 * @returns `hiddenStates`: the states of `config.states`, [N L, D]; `textEmbeds`: the projected
 * pooled text, [N, P], or undefined without projection.
 */
export function clipText(
  g: GraphBuilder,
  root: WeightScope,
  ids: Value,
  config: ClipTextLayers,
): { readonly hiddenStates: Value; readonly textEmbeds: Value | undefined } {
  const w = textScope(root);
  const { states, projectionDim } = config;
  checkLayer(g, config);
  const h = hiddenStatesOf(g, w, ids, config);
  const hiddenStates = states.normalized ? normalize(g, w, h, config) : h;
  if (projectionDim === undefined) return { hiddenStates, textEmbeds: undefined };
  const pooled = pooledState(g, w, { hiddenStates: h, ids }, config);
  const projection = { width: projectionDim, bias: false };
  const textEmbeds = linear(g, root.at("text_projection"), pooled, projection);
  return { hiddenStates, textEmbeds };
}

function checkLayer(g: GraphBuilder, { layers, states: { layerFromEnd } }: ClipTextLayers): void {
  if (layerFromEnd <= layers) return;
  throw new RangeError(
    `Cannot build graph "${g.name}": expected a layer from 1 to ${layers}, counted from the ` +
      `last, got ${layerFromEnd}; check diffusion.clip_skip`,
  );
}

/**
 * Adds a text encoder to a graph, up to its pooled text before any projection.
 *
 * @param w Scope of the encoder, without the prefix `text_model`.
 * @param ids Token ids, int64 [N, L].
 * @returns The normalized state of each end token, [N, D].
 */
export function clipPooledText(
  g: GraphBuilder,
  w: WeightScope,
  ids: Value,
  config: ClipTextConfig,
): Value {
  const all = { ...config, states: PENULTIMATE_STATES };
  return pooledState(g, w, { hiddenStates: hiddenStatesOf(g, w, ids, all), ids }, all);
}

/** Returns the output of the layer of `config.states`, [N L, D]. */
function hiddenStatesOf(
  g: GraphBuilder,
  w: WeightScope,
  ids: Value,
  config: ClipTextLayers,
): Value {
  const { layers, states } = config;
  let h = embed(g, w.at("embeddings"), ids, config);
  for (let i = 0; i <= layers - states.layerFromEnd; i++) {
    h = layer(g, w, { h, ids, index: i }, config);
  }
  return h;
}

/** Runs the remaining layers and returns the normalized state of each end token, [N, D]. */
function pooledState(
  g: GraphBuilder,
  w: WeightScope,
  { hiddenStates, ids }: { readonly hiddenStates: Value; readonly ids: Value },
  config: ClipTextLayers,
): Value {
  const { layers, states } = config;
  let h = hiddenStates;
  for (let i = layers - states.layerFromEnd + 1; i < layers; i++) {
    h = layer(g, w, { h, ids, index: i }, config);
  }
  return normalize(g, w, pool(g, h, ids, config), config);
}

function normalize(g: GraphBuilder, w: WeightScope, x: Value, config: ClipTextConfig): Value {
  return layerNorm(g, w.at("final_layer_norm"), x, config.layerNormEps);
}

function layer(
  g: GraphBuilder,
  w: WeightScope,
  { h, ids, index }: { readonly h: Value; readonly ids: Value; readonly index: number },
  config: ClipTextConfig,
): Value {
  const options = { ...config, batch: ids.shape[0]!, causal: true };
  return clipEncoderLayer(g, w.at("encoder").at("layers").at(index), h, options);
}

function textScope(root: WeightScope): WeightScope {
  return root.has("text_model") ? root.at("text_model") : root;
}

function startsWith(text: string): RegExp {
  return new RegExp(`^${RegExp.escape(text)}`);
}

/** Adds token and position embeddings. Shapes: ids [N, L] -> [N L, D]. */
function embed(g: GraphBuilder, w: WeightScope, ids: Value, config: ClipTextConfig): Value {
  const { vocabSize, hiddenSize, maxPositions } = config;
  const [batch, length] = ids.shape as [number, number];
  if (length > maxPositions) {
    throw new RangeError(
      `Cannot build graph "${g.name}": expected at most ${maxPositions} tokens, got ${length}`,
    );
  }
  const tokens = w.at("token_embedding").weight("weight", [vocabSize, hiddenSize]);
  const positions = w.at("position_embedding").weight("weight", [maxPositions, hiddenSize]);
  const used = length === maxPositions ? positions : g.slice(positions, 0, 0, length);
  return g.reshape(g.add(g.gather(tokens, ids, 0), used), [batch * length, hiddenSize]);
}

/**
 * Selects the end token of each text. Shapes: x [N L, D], ids [N, L] -> [N, D].
 *
 * The reference normalizes before it selects. Layer normalization works token by token, so
 * selecting first gives the same with less work.
 */
function pool(g: GraphBuilder, x: Value, ids: Value, config: ClipTextConfig): Value {
  const [batch, length] = ids.shape as [number, number];
  const score = config.eosTokenId === LEGACY_EOS_TOKEN_ID
    ? ids
    : g.equal(ids, g.constant(config.eosTokenId, [], "int64"));
  const position = g.argMax(g.cast(score, "float32"), 1, false);
  const starts = Array.from({ length: batch }, (_, row) => row * length);
  return g.gather(x, g.add(position, g.constant(starts, [batch], "int64")), 0);
}
