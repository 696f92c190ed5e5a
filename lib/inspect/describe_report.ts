import { describeMemoryPlan } from "../distill/memory/describe_memory_plan.ts";
import { formatBytes } from "../text/format_bytes.ts";
import { excerpt, visibleText } from "../text/visible_text.ts";
import type { ModelReport, PartReport, TensorName, TensorsReport } from "./model_report.ts";

/** Maximum number of tensors of a list that are shown. */
const MAX_SHOWN = 8;

/** Metadata that is shown: what the author says that it is. */
const TOLD = ["modelspec.title", "modelspec.architecture", "ss_base_model_version"];
/** Maximum number of characters of such a text. */
const MAX_TEXT = 80;

/** Describes a report in lines. Control characters of the file are made visible. */
export function describeReport(report: ModelReport): string {
  const { location, family, byteLength, parts, lora, markers, predictionType } = report;
  const lines = [`${location}: ${family}, ${report.kind}, ${formatBytes(byteLength)}`];
  for (const part of parts) lines.push(`  ${describePart(part)}`);
  if (lora) {
    const modules = Object.entries(lora.modules).map(([name, count]) => `${count} of the ${name}`);
    lines.push(
      `  format: ${lora.formats.join(", ") || "unknown"}, names of ${lora.layout}, made for ` +
        `${lora.base}`,
      `  rank: ${describeRanks(lora.ranks)}; layers: ${modules.join(", ") || "none"}`,
    );
  }
  if (predictionType) lines.push(`  predicts: ${predictionType}`);
  for (const name of TOLD) {
    const text = report.metadata[name];
    if (text !== undefined) lines.push(`  ${name}: ${oneLine(excerpt(text, MAX_TEXT))}`);
  }
  if (markers.length > 0) lines.push(`  markers: ${markers.join(", ")}`);
  lines.push(...describeTensors(report.tensors));
  for (const note of report.notes) lines.push(`  note: ${note}`);
  lines.push(`  ${report.use}`);
  if (report.memory) lines.push(indent(describeMemoryPlan(report.memory)));
  return visibleText(lines.join("\n"));
}

function describePart({ name, layout, tensors, values, byteLength, precision }: PartReport) {
  const types = Object.entries(precision).map(([type, count]) =>
    count === tensors ? type : `${type} (${count})`
  );
  return `${name}: ${tensors} tensors, ${values} values, ${formatBytes(byteLength)}, ` +
    `${types.join(" and ")}, ${layout} names`;
}

function describeRanks(ranks: readonly number[]): string {
  if (ranks.length === 0) return "none";
  return ranks.length > 3 ? `${ranks[0]} to ${ranks.at(-1)}` : ranks.join(", ");
}

function describeTensors(tensors: TensorsReport): string[] {
  const { total, used, ignored, unsupported, unknown, missing, misshapen } = tensors;
  const counts = [
    `${used} used`,
    `${ignored.length} ignorable`,
    ...unsupported.length > 0 ? [`${unsupported.length} not supported`] : [],
    `${unknown.length} unknown`,
    `${missing.length} missing`,
    ...misshapen.length > 0 ? [`${misshapen.length} of another shape`] : [],
  ];
  return [
    `  tensors: ${total}, of which ${counts.join(", ")}`,
    ...listTensors("ignorable", ignored),
    ...listTensors("not supported", unsupported),
    ...listTensors("unknown", unknown),
    ...listTensors("missing", missing),
    ...listTensors("of another shape", misshapen),
  ];
}

function listTensors(title: string, tensors: readonly TensorName[]): string[] {
  const shown = tensors.slice(0, MAX_SHOWN)
    .map(({ key, shape }) => `    ${title}: ${oneLine(key)} [${shape.join(", ")}]`);
  const rest = tensors.length - shown.length;
  return rest > 0 ? [...shown, `    and ${rest} more ${title} (--json lists all)`] : shown;
}

/** A line break in a key must not look like another line of the report. */
function oneLine(text: string): string {
  return visibleText(text).replaceAll("\n", "\\u000a").replaceAll("\t", "\\u0009");
}

function indent(text: string): string {
  return text.split("\n").map((line) => `  ${line}`).join("\n");
}
