import { line } from "./panel.ts";
import { leaderEnd, type Named, placeLabels, type PlaceOptions } from "./place_labels.ts";
import { INK, SEAM, textElement } from "./svg.ts";

/** Writes the names of marks next to them, with a line to a distant name. */
export function nameMarks(marks: readonly Named[], options: PlaceOptions): string[] {
  const { fontSize, radius } = options;
  const labels = placeLabels(marks, options);
  const leaders = labels.filter(({ isFar }) => isFar).map(({ x, y, box }) => {
    const end = leaderEnd({ x, y, box });
    const share = radius / Math.hypot(end.x - x, end.y - y);
    const start = [x + (end.x - x) * share, y + (end.y - y) * share] as const;
    return line(start, [end.x, end.y], INK.muted);
  });
  const names = labels.map(({ name, box }) =>
    textElement(name, { x: box.x, y: box.y + fontSize, "font-size": fontSize, ...SEAM })
  );
  return [...leaders, ...names];
}
