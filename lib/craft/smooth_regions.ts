import { type IndexedPicture, neighborsOf } from "../finish/indexed_picture.ts";
import { colorMetric } from "../palette/color_metric.ts";

/** How far in CIEDE2000 a color may move for each neighbor that it then shares. */
const WEIGHT = 6;
/** Sweeps over the picture at most; few are needed. */
const MAX_SWEEPS = 10;

/**
 * Makes the regions of a picture larger and fewer: cells take the color of a neighbor where they
 * get more like their neighbors than they get unlike themselves. That is a Potts model, improved
 * cell by cell (iterated conditional modes); contrasts such as a glint in an eye stay.
 *
 * Transparent cells stay transparent.
 *
 * @param left How many cells of each material are left, length K; it is counted down. Default: as
 * many as needed.
 * @returns A new picture.
 *
 * Source: Besag 1986, https://doi.org/10.1111/j.2517-6161.1986.tb01412.x.
 */
export function smoothRegions(picture: IndexedPicture, left?: number[]): IndexedPicture {
  const { palette } = picture;
  const metric = colorMetric("ciede2000");
  const known = new Map<number, number>();
  const distance = (a: number, b: number) => {
    const key = a * palette.size + b;
    let value = known.get(key);
    if (value === undefined) {
      const [first, second] = [metric.convert(palette.at(a)), metric.convert(palette.at(b))];
      known.set(key, value = Math.sqrt(metric.squared(first, second)));
    }
    return value;
  };
  const smooth = { ...picture, indices: picture.indices.slice() };
  for (let sweep = 0, isChanged = true; isChanged && sweep < MAX_SWEEPS; sweep++) {
    isChanged = false;
    for (const cell of smooth.indices.keys()) {
      const own = smooth.indices[cell]!;
      if (own === palette.size) continue;
      const neighbors = [...neighborsOf(smooth, cell)].map((next) => smooth.indices[next]!);
      const costOf = (color: number) =>
        distance(picture.indices[cell]!, color) +
        WEIGHT * neighbors.filter((other) => other !== color).length;
      const best = neighbors.filter((color) =>
        color !== palette.size && (left === undefined || left[color]! > 0)
      ).reduce((a, b) => costOf(b) < costOf(a) ? b : a, own);
      if (best === own) continue;
      smooth.indices[cell] = best;
      if (left !== undefined) {
        left[best]!--;
        left[own]!++;
      }
      isChanged = true;
    }
  }
  return smooth;
}
