import type { Graph, GraphNode, Value } from "../graph/graph.ts";
import { GraphEditor } from "../graph/rewrite_graph.ts";
import type { GradientGraphs } from "./split_gradient.ts";

/**
 * Passes the masks of ReLUs (0 or 1) from the forward to the backward half in float16, instead of
 * the outputs of the ReLUs in float32.
 *
 * The gradients are the same, bit for bit. At 1024x1024, the saved tensors of TAESD's encoder take
 * 0.77 instead of 1.5 GB.
 */
export function saveFloat16Masks(graphs: GradientGraphs): GradientGraphs {
  const { forward, backward } = graphs;
  const masks = forward.saved.flatMap((name) => findMask(graphs, name) ?? []);
  if (masks.length === 0) return graphs;
  const replaced = new Map(masks.map(({ source, float16 }) => [source.name, float16]));
  const replace = (values: readonly Value[]) =>
    values.map((value) => replaced.get(value.name) ?? value);
  return {
    forward: {
      ...withMasksAtEnd(forward, masks, replace(forward.outputs)),
      saved: forward.saved.map((name) => replaced.get(name)?.name ?? name),
    },
    backward: withMasksAtStart(backward, masks, replace(backward.inputs)),
  };
}

/** The mask of a ReLU: `ceil(clip(source, 0, 1))`. */
interface ReluMask {
  /** Output of the ReLU, float32. */
  readonly source: Value;
  /** 1 where the gradient passes, 0 elsewhere, float32. */
  readonly mask: Value;
  /** The mask in float16: what is saved. */
  readonly float16: Value;
  /** The nodes of the backward half that compute the mask. */
  readonly nodes: readonly GraphNode[];
}

/** Finds the mask of a saved tensor, if the backward half uses nothing else of it. */
function findMask({ forward, backward }: GradientGraphs, source: string): ReluMask | undefined {
  const usersOf = (name: string) => backward.nodes.filter(({ inputs }) => inputs.includes(name));
  const [clip, ...others] = usersOf(source);
  if (clip?.op !== "Clip" || others.length > 0 || !isFromZeroToOne(backward, clip)) {
    return undefined;
  }
  const [ceil, ...rest] = usersOf(clip.outputs[0]!);
  if (ceil?.op !== "Ceil" || rest.length > 0) return undefined;
  const mask = backward.values.get(ceil.outputs[0]!)!;
  const isResult = forward.outputs.filter(({ name }) => name === source).length > 1;
  if (mask.type !== "float32" || isResult) return undefined;
  return {
    source: forward.values.get(source)!,
    mask,
    float16: { ...mask, name: `${mask.name}/float16`, type: "float16" },
    nodes: [clip, ceil],
  };
}

function isFromZeroToOne({ constants }: Graph, { inputs }: GraphNode): boolean {
  return [0, 1].every((limit, i) => {
    const constant = constants.find(({ value }) => value.name === inputs[1 + i]);
    return constant?.value.type === "float32" &&
      new Float32Array(constant.bytes.slice().buffer)[0] === limit;
  });
}

function withMasksAtEnd(
  forward: Graph,
  masks: readonly ReluMask[],
  outputs: readonly Value[],
): Graph {
  const editor = new GraphEditor(forward);
  editor.keep(forward.nodes);
  for (const { source, float16 } of masks) {
    editor.insert(
      { name: float16.name, inputs: [source], output: float16 },
      (g, [x]) => g.cast(g.ceil(g.clip(x!, 0, 1)), "float16"),
    );
  }
  return editor.finish({ outputs });
}

function withMasksAtStart(
  backward: Graph,
  masks: readonly ReluMask[],
  inputs: readonly Value[],
): Graph {
  const editor = new GraphEditor(backward);
  for (const { float16, mask } of masks) {
    editor.insert(
      { name: float16.name, inputs: [float16], output: mask },
      (g, [x]) => g.cast(x!, "float32"),
    );
  }
  const moved = new Set(masks.flatMap(({ nodes }) => nodes));
  editor.keep(backward.nodes.filter((node) => !moved.has(node)));
  return editor.finish({ inputs });
}
