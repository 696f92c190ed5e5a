import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Graph, GraphNode, Value } from "./graph.ts";
import { bytesPerElement } from "./graph_core.ts";

/** What a network takes, in bytes. */
export interface GraphMemory {
  /** Weights and constants. */
  readonly weightBytes: number;
  /** All that is there at a time while it runs, besides weights: inputs, outputs and in between. */
  readonly activationBytes: number;
  /** The largest single tensor. */
  readonly largestBytes: number;
}

/** Operators whose result is their input, with another shape or name. */
const ALIASES = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/**
 * Estimates what a network takes. Pure: no weight is read.
 *
 * A tensor is taken to be there from the node that makes it to the last one that reads it, in the
 * order of the graph. Attention is taken to write its scores [N, heads, S, T], as it does where a GPU
 * cannot do without. What a runtime keeps for later runs is not known.
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

/** Walks through the nodes and returns the most that is there at a time. */
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

/** Size of the scores of attention: one for each pair of tokens and head. */
function scoreBytes(graph: Graph, { op, inputs, attributes }: GraphNode): number {
  if (op !== "MultiHeadAttention") return 0;
  const [q, k] = valuesOf(graph, inputs.slice(0, 2)) as [Value, Value];
  const heads = attributes["num_heads"] as number;
  const [batch, asking, asked] = [q.shape[0]!, q.shape[1]!, k.shape[1]!];
  return batch * heads * asking * asked * bytesPerElement(q.type);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
