import type { Painting } from "./painting.ts";

/** Changes that can be undone. */
const MAX_DEPTH = 200;

/** A painting, with what was before it and what was undone. */
export interface PaintHistory {
  readonly now: Painting;
  /** Older paintings, the last one newest. */
  readonly before: readonly Painting[];
  /** Undone paintings, the last one to be redone first. */
  readonly after: readonly Painting[];
}

/** What changes a history. */
export type PaintChange =
  /** Starts with a painting. */
  | { readonly type: "open"; readonly painting: Painting }
  /** Applies a change; one that `continues` is undone together with the change before it. */
  | {
    readonly type: "change";
    readonly change: (painting: Painting) => Painting;
    readonly continues?: boolean;
  }
  | { readonly type: "undo" }
  | { readonly type: "redo" };

/** Returns the history after a change. */
export function changeHistory(history: PaintHistory, change: PaintChange): PaintHistory {
  const { now, before, after } = history;
  switch (change.type) {
    case "open":
      return { now: change.painting, before: [], after: [] };
    case "change": {
      const next = change.change(now);
      if (next === now) return history;
      if (change.continues) return { now: next, before, after };
      return { now: next, before: [...before, now].slice(-MAX_DEPTH), after: [] };
    }
    case "undo": {
      const last = before.at(-1);
      return last === undefined
        ? history
        : { now: last, before: before.slice(0, -1), after: [...after, now] };
    }
    case "redo": {
      const next = after.at(-1);
      return next === undefined
        ? history
        : { now: next, before: [...before, now], after: after.slice(0, -1) };
    }
  }
}
