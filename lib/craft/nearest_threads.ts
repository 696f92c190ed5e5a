import type { Rgb } from "../image/image.ts";
import { colorMetric } from "../palette/color_metric.ts";
import type { Palette } from "../palette/palette.ts";
import { assignAtMinCost } from "./min_cost_assignment.ts";

/**
 * Gives each color a thread of a machine's own list at the minimum sum of CIEDE2000, each thread
 * once while there are enough.
 *
 * @returns Index of a thread for each color.
 */
export function nearestThreads(colors: readonly Rgb[], threads: Palette): number[] {
  const metric = colorMetric("ciede2000");
  const points = Array.from({ length: threads.size }, (_, m) => metric.convert(threads.at(m)));
  const distances = colors.map((color) => {
    const from = metric.convert(color);
    return points.map((point) => Math.sqrt(metric.squared(from, point)));
  });
  const each = Math.ceil(colors.length / threads.size);
  const shares = assignAtMinCost(colors.map(() => 1), points.map(() => each), distances)!;
  return shares.map((row) => row.indexOf(1));
}
