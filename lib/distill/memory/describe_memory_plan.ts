import { megabytes } from "../../text/format_bytes.ts";
import type { MemoryPlan, NetworkMemory, NetworkPhase } from "./memory_plan.ts";

/** Names of the phases. */
const PHASES: Readonly<Record<NetworkPhase, string>> = {
  prompts: "first, one by one",
  steps: "then, all together",
};

/**
 * Describes in a few lines the memory that a run needs, and what to change if it does not fit.
 *
 * Sizes are in MB (2^20 bytes), rounded up.
 */
export function describeMemoryPlan(plan: MemoryPlan): string {
  const memory = plan.runtime === "webgpu" ? "of GPU memory, whose size is unknown" : "of memory";
  const lines = [`memory plan: about ${megabytes(plan.peakBytes)} MB ${memory}`];
  for (const phase of ["prompts", "steps"] as const) {
    const networks = plan.networks.filter((network) => network.phase === phase);
    if (networks.length > 0) lines.push(`  ${PHASES[phase]}:`);
    lines.push(...networks.map((network) => `    ${describeNetwork(network)}`));
  }
  lines.push(`    picture, optimizer and teacher's image: ${megabytes(plan.otherBytes)} MB`);
  lines.push(...plan.problems.map((problem) => `  ${problem}`));
  lines.push(`  if it does not fit: ${advise(plan)}`);
  return lines.join("\n");
}

function describeNetwork(network: NetworkMemory): string {
  const { name, precision, weightBytes, activationBytes } = network;
  return `${name}: weights ${megabytes(weightBytes)} MB (${precision}), ` +
    `activations ${megabytes(activationBytes)} MB`;
}

function advise({ alternatives, peakBytes, networks }: MemoryPlan): string {
  const smaller = alternatives.filter((other) => other.peakBytes < peakBytes)
    .map((other) =>
      `--set diffusion.precision=${other.precision} (${megabytes(other.peakBytes)} MB)`
    );
  const hasControlnet = networks.some(({ name }) => name.startsWith("ControlNet"));
  return [
    ...smaller,
    "a smaller sd.im_size",
    ...hasControlnet ? ["--set controlnet.use_controlnet=false"] : [],
  ].join(", ");
}
