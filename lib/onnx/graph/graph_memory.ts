import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph, GraphNode, Value } from "./graph.ts";
import { bytesPerElement } from "./graph_core.ts";

/** Estimated memory of a network in bytes. */
export interface GraphMemory {
  /** Sum of weights and constants. */
  readonly weightBytes: number;
  /** Peak of all other tensors that are live at the same time: inputs, activations, outputs. */
  readonly activationBytes: number;
  /** Size of the largest tensor. */
  readonly largestBytes: number;
}

/** Operators whose output shares the memory of their input. */
const ALIASES = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/**
 * Estimates the memory that a network needs. No weight is read.
 *
 * A tensor is live from the node that computes it to the last node that reads it, in the order of
 * the graph. Attention is assumed to store its scores [N, heads, S, T], which not every GPU needs.
 * Buffers that a runtime keeps for later runs are not included.
 */
export function measureGraph(graph: Graph): GraphMemory {
  const stored = [...graph.weights, ...graph.constants].map(({ value }) => bytesOf(value));
  const scores = graph.nodes.map((node) => scoreBytes(graph, node));
  const made = [...graph.inputs, ...graph.nodes.flatMap(({ outputs }) => valuesOf(graph, outputs))];
  return {
    weightBytes: sum(stored),
    activationBytes: peakOf(graph, scores),
    largestBytes: Math.max(...stored, ...scores, ...made.map(bytesOf)),
  };
}

/** Returns the size of all weights of a graph in bytes, without constants. */
export function bytesOfWeights({ weights }: Graph): number {
  return sum(weights.map(({ value }) => bytesOf(value)));
}

/** Returns the size of a tensor in bytes. */
export function bytesOf({ shape, type }: Value): number {
  return shapeSize(shape) * bytesPerElement(type);
}

function valuesOf(graph: Graph, names: readonly string[]): Value[] {
  return names.map((name) => graph.values.get(name)!);
}

/**
 * Returns the peak of live bytes over all nodes.
 *
 * @param scores Temporary bytes of each node.
 */
function peakOf(graph: Graph, scores: readonly number[]): number {
  const owners = new Map<string, string>();
  const ownerOf = (name: string) => owners.get(name) ?? name;
  const lastUses = new Map<string, number>();
  for (const [i, { op, inputs, outputs }] of graph.nodes.entries()) {
    if (ALIASES.has(op)) owners.set(outputs[0]!, ownerOf(inputs[0]!));
    for (const name of inputs) lastUses.set(ownerOf(name), i);
  }
  for (const { name } of graph.outputs) lastUses.set(ownerOf(name), graph.nodes.length);
  const live = new Map(graph.inputs.map((value) => [value.name, bytesOf(value)]));
  let bytes = sum([...live.values()]);
  let peak = bytes;
  for (const [i, { outputs, inputs }] of graph.nodes.entries()) {
    for (const value of valuesOf(graph, outputs)) {
      if (owners.has(value.name)) continue;
      live.set(value.name, bytesOf(value));
      bytes += bytesOf(value);
    }
    peak = Math.max(peak, bytes + scores[i]!);
    for (const name of new Set([...inputs, ...outputs].map(ownerOf))) {
      if ((lastUses.get(name) ?? i) > i) continue;
      bytes -= live.get(name) ?? 0;
      live.delete(name);
    }
  }
  return peak;
}

/** Returns the bytes of the scores of attention: one per head and pair of tokens. */
function scoreBytes(graph: Graph, { op, inputs, attributes }: GraphNode): number {
  if (op !== "MultiHeadAttention") return 0;
  const [q, k] = valuesOf(graph, inputs.slice(0, 2)) as [Value, Value];
  const heads = attributes["num_heads"] as number;
  const [batch, queries, keys] = [q.shape[0]!, q.shape[1]!, k.shape[1]!];
  return batch * heads * queries * keys * bytesPerElement(q.type);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
