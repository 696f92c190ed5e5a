import { markdownTable } from "../recipes/results_table.ts";
import { STAGES, type StageTimes, type StepTimes } from "./measure_steps.ts";

/** Writes times of steps as two Markdown tables. Each row is compared with the first one. */
export function stepsTables(times: readonly StepTimes[]): string {
  const wall = table(times, ({ wall }) => wall, {
    titles: ["steps/s", "tensors, MB", "program, MB"],
    cells: (row) => [
      (1 / row.wall.step).toFixed(2),
      (row.tensorBytes / 1e6).toFixed(1),
      (row.residentBytes / 1e6).toFixed(0),
    ],
  });
  const cpu = table(times, ({ cpu }) => cpu, { titles: [], cells: () => [] });
  return `Wall-clock seconds:\n\n${wall}\nCPU seconds of all threads:\n\n${cpu}`;
}

function table(
  times: readonly StepTimes[],
  pick: (row: StepTimes) => StageTimes,
  more: { readonly titles: readonly string[]; readonly cells: (row: StepTimes) => string[] },
): string {
  const first = pick(times[0]!);
  const rows = times.map((row) => {
    const seconds = pick(row);
    return [
      ...[row.size, row.colors].map(String),
      seconds.step.toFixed(3),
      (seconds.step / first.step).toFixed(2),
      ...STAGES.map((stage) => seconds[stage].toFixed(3)),
      `${Math.round(100 * seconds.kernels / seconds.step)} %`,
      ...more.cells(row),
    ];
  });
  const titles = ["size", "colors", "step", "step / first", ...STAGES, "kernels' share"];
  return markdownTable([...titles, ...more.titles], rows, { texts: [] });
}
