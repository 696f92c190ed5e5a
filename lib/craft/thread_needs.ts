import type { PatternColor } from "./craft.ts";
import type { Pattern } from "./pattern.ts";
import { countStitches } from "./stitches.ts";
import { STRANDS, threadNeed } from "./thread_length.ts";

/** What a pattern needs of each thread besides the number of its cells. */
export interface ThreadNeeds {
  /** Names of the columns, in lower case; none for crafts without threads. */
  readonly columns: readonly string[];
  /** What the numbers assume, as a sentence; empty for crafts without threads. */
  readonly note: string;
  /** The numbers of a material, one for each column. */
  valuesOf(color: PatternColor): readonly string[];
}

/**
 * Computes the lengths of threads: meters and skeins of cross-stitch, meters along the stitches.
 */
export function threadNeeds({ craft, fabricCount, hoops }: Pattern): ThreadNeeds {
  if (craft.name === "cross-stitch") {
    return {
      columns: ["meters", "skeins"],
      note: `Full crosses with ${STRANDS} strands and a fifth more; skeins of 8 m with 6 strands`,
      valuesOf: ({ count }) => {
        const { meters, skeins } = threadNeed(count, fabricCount);
        return [meters.toFixed(2), `${skeins}`];
      },
    };
  }
  if (craft.name === "embroidery") {
    return {
      columns: ["stitches", "meters"],
      note: "Meters of the upper thread along the stitches; fabric and tension take more",
      valuesOf: ({ index }) => {
        const blocks = hoops.flatMap(({ blocks }) => blocks);
        const { stitches, meters } = countStitches(
          blocks.filter(({ thread }) => thread.index === index),
        );
        return [`${stitches}`, meters.toFixed(2)];
      },
    };
  }
  return { columns: [], note: "", valuesOf: () => [] };
}
