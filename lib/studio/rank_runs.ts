import { rankPictures } from "../outputs/picture_index.ts";
import type { GalleryRun } from "./protocol/gallery_api.ts";

/** A run before its rank is known. */
export interface UnrankedRun extends Omit<GalleryRun, "rankedWith" | "rank"> {
  /** Name of the teacher. */
  readonly teacher: string;
}

/**
 * Ranks runs by their scores, as the index of several pictures does. Scores of one prompt, teacher
 * and image size of the teacher compare; that follows from the size of the picture.
 *
 * @returns The runs in their order.
 */
export function rankRuns(runs: readonly UnrankedRun[]): GalleryRun[] {
  const ranks = new Map<string, number>();
  for (const group of Map.groupBy(runs, rankedWith).values()) {
    const ranked = rankPictures(group.map(({ run, score, unfinished }, number) => ({
      run,
      score,
      isComplete: unfinished === undefined,
      number,
    })));
    for (const [i, { run, score, isComplete }] of ranked.entries()) {
      if (isComplete && score !== undefined) ranks.set(run, i + 1);
    }
  }
  return runs.map(({ teacher, ...run }) => ({
    ...run,
    rankedWith: rankedWith({ ...run, teacher }),
    rank: ranks.get(run.run),
  }));
}

/** Compares runs by their rank; those without one come last. */
export function byRank(a: Pick<GalleryRun, "rank">, b: Pick<GalleryRun, "rank">): number {
  return (a.rank ?? Infinity) - (b.rank ?? Infinity) || 0;
}

function rankedWith({ prompt, height, width, teacher }: UnrankedRun): string {
  return JSON.stringify([prompt, height, width, teacher]);
}
