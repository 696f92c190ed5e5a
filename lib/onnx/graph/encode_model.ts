import { shapeSize } from "../../../kernels/gpu/shape_size.ts";
import type { Attribute, Graph, GraphConstant, GraphNode, GraphWeight, Value } from "./graph.ts";
import { bytesPerElement, elementTypeCode } from "./graph_core.ts";
import { ProtoWriter } from "../../protobuf/proto_writer.ts";

/** Version of the file format. Source: IR_VERSION of ONNX 1.14, onnx.proto3. */
const IR_VERSION = 9;
/** Version of the ONNX operator set. */
const OPSET_VERSION = 18;
/** Version of the operator set "com.microsoft". */
const MICROSOFT_OPSET_VERSION = 1;

/** Codes of attribute types. Source: AttributeProto.AttributeType in onnx.proto3. */
const ATTRIBUTE_KIND = { float: 1, integer: 2, text: 3, integers: 7 } as const;
/** Code of external data. Source: TensorProto.DataLocation in onnx.proto3. */
const EXTERNAL = 1;

/**
 * Encodes a graph as an ONNX model (ModelProto).
 *
 * The values of weights are not included. Each weight is external data: its location is the name of
 * the weight, its offset is 0.
 *
 * Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.
 */
export function encodeModel(graph: Graph): Uint8Array<ArrayBuffer> {
  const model = new ProtoWriter()
    .integer(1, IR_VERSION)
    .text(2, "smalti")
    .message(7, (writer) => writeGraph(writer, graph));
  writeOpset(model, "", OPSET_VERSION);
  writeOpset(model, "com.microsoft", MICROSOFT_OPSET_VERSION);
  return model.finish();
}

function writeOpset(model: ProtoWriter, domain: string, version: number): void {
  model.message(8, (writer) => writer.text(1, domain).integer(2, version));
}

function writeGraph(writer: ProtoWriter, graph: Graph): void {
  for (const node of graph.nodes) writer.message(1, (child) => writeNode(child, node));
  writer.text(2, graph.name);
  for (const constant of graph.constants) {
    writer.message(5, (child) => writeConstant(child, constant));
  }
  for (const weight of graph.weights) writer.message(5, (child) => writeWeight(child, weight));
  for (const input of graph.inputs) writer.message(11, (child) => writeValueInfo(child, input));
  for (const output of graph.outputs) writer.message(12, (child) => writeValueInfo(child, output));
}

function writeNode(writer: ProtoWriter, node: GraphNode): void {
  for (const input of node.inputs) writer.text(1, input);
  for (const output of node.outputs) writer.text(2, output);
  writer.text(3, node.name).text(4, node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, (child) => writeAttribute(child, name, attribute));
  }
  if (node.domain !== "") writer.text(7, node.domain);
}

function writeAttribute(writer: ProtoWriter, name: string, attribute: Attribute): void {
  writer.text(1, name);
  if (typeof attribute === "number") {
    writer.integer(3, attribute).integer(20, ATTRIBUTE_KIND.integer);
  } else if (typeof attribute === "string") {
    writer.text(4, attribute).integer(20, ATTRIBUTE_KIND.text);
  } else if ("float" in attribute) {
    writer.float(2, attribute.float).integer(20, ATTRIBUTE_KIND.float);
  } else {
    for (const item of attribute) writer.integer(8, item);
    writer.integer(20, ATTRIBUTE_KIND.integers);
  }
}

function writeTensor(writer: ProtoWriter, value: Value): ProtoWriter {
  for (const dimension of value.shape) writer.integer(1, dimension);
  return writer.integer(2, elementTypeCode(value.type)).text(8, value.name);
}

function writeConstant(writer: ProtoWriter, { value, bytes }: GraphConstant): void {
  writeTensor(writer, value).bytes(9, bytes);
}

function writeWeight(writer: ProtoWriter, { value }: GraphWeight): void {
  writeTensor(writer, value);
  const entry = (key: string, text: string) =>
    writer.message(13, (child) => child.text(1, key).text(2, text));
  entry("location", value.name);
  entry("offset", "0");
  entry("length", String(shapeSize(value.shape) * bytesPerElement(value.type)));
  writer.integer(14, EXTERNAL);
}

function writeValueInfo(writer: ProtoWriter, value: Value): void {
  writer.text(1, value.name).message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, elementTypeCode(value.type));
      tensor.message(2, (shape) => {
        for (const dimension of value.shape) {
          shape.message(1, (child) => child.integer(1, dimension));
        }
      });
    }));
}
