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
 * Nodes until a buffer is used again. Of 1, 4, 8 and 16, this one comes nearest to the peaks that
 * were measured with SDXL and Stable Diffusion 1.5 (`tests/bench/RESULTS.md`): -17 to +14 %.
 */
const NODES_BEFORE_REUSE = 4;

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
 * Estimates the buffers that onnxruntime keeps on a GPU for the tensors of a network.
 *
 * A buffer is only used again for a tensor of exactly its size (`storageBufferCacheMode` "simple"),
 * and some nodes after its tensor was read last, since commands are sent in groups. Scores of
 * attention are not counted: the usual shader has none.
 *
 * @returns The number of buffers for each size in bytes.
 */
export function countBuffers(graph: Graph): Map<number, number> {
  const counts = new Map<number, number>();
  const free = new Map<number, number>();
  const add = (map: Map<number, number>, size: number, by: number) =>
    map.set(size, (map.get(size) ?? 0) + by);
  const waiting: number[][] = [];
  for (const size of graph.inputs.map(bytesOf)) add(counts, size, 1);
  for (const { made, freed } of lifetimes(graph)) {
    if (waiting.length >= NODES_BEFORE_REUSE) {
      for (const size of waiting.shift()!) add(free, size, 1);
    }
    for (const size of made) {
      if ((free.get(size) ?? 0) > 0) add(free, size, -1);
      else add(counts, size, 1);
    }
    waiting.push(freed);
  }
  return counts;
}

/** Returns the peak of live bytes over all nodes. `scores` are temporary bytes of each node. */
function peakOf(graph: Graph, scores: readonly number[]): number {
  let bytes = sum(graph.inputs.map(bytesOf));
  let peak = bytes;
  for (const [i, { made, freed }] of lifetimes(graph).entries()) {
    bytes += sum(made);
    peak = Math.max(peak, bytes + scores[i]!);
    bytes -= sum(freed);
  }
  return peak;
}

/** Returns the sizes in bytes of the tensors that each node makes, and of those it reads last. */
function lifetimes(graph: Graph): { readonly made: number[]; readonly freed: number[] }[] {
  const owners = new Map<string, string>();
  const ownerOf = (name: string) => owners.get(name) ?? name;
  const lastUses = new Map<string, number>();
  for (const [i, { op, inputs, outputs }] of graph.nodes.entries()) {
    if (ALIASES.has(op)) owners.set(outputs[0]!, ownerOf(inputs[0]!));
    for (const name of inputs) lastUses.set(ownerOf(name), i);
  }
  for (const { name } of graph.outputs) lastUses.set(ownerOf(name), graph.nodes.length);
  const live = new Map(graph.inputs.map((value) => [value.name, bytesOf(value)]));
  return graph.nodes.map(({ outputs, inputs }, i) => {
    const values = valuesOf(graph, outputs).filter(({ name }) => !owners.has(name));
    for (const value of values) live.set(value.name, bytesOf(value));
    const last = [...new Set([...inputs, ...outputs].map(ownerOf))]
      .filter((name) => live.has(name) && (lastUses.get(name) ?? i) <= i);
    const freed = last.map((name) => live.get(name)!);
    for (const name of last) live.delete(name);
    return { made: values.map(bytesOf), freed };
  });
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
