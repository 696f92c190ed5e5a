/** A detailed input image of the benchmark. CREDITS.md beside this file names its source. */
export interface DetailedImage {
  /** Name of its file, without extension. */
  readonly id: string;
  /** Its prompt. */
  readonly prompt: string;
  /** Caption that the judge should choose. */
  readonly name: string;
  /** Name of the color of the background, where it is plain. */
  readonly background?: string;
  /** What it is. */
  readonly group: string;
}

function plain(group: string, background: string | undefined, ...names: readonly string[]) {
  return names.map((name): DetailedImage => ({
    id: name.replace(" ", "_"),
    prompt: name,
    name,
    ...(background === undefined ? {} : { background }),
    group,
  }));
}

/** A thing in front of a place. */
function collage(name: string, place: string): DetailedImage {
  const thing = /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
  return {
    id: `${name}_${place}`,
    prompt: `${thing} in front of a ${place}`,
    name,
    group: "collages",
  };
}

/** Detailed input images: photographs, portraits, 3D renders, landscapes and collages. */
export const DETAILED_IMAGES: readonly DetailedImage[] = [
  ...plain(
    "photographs",
    undefined,
    "astronaut",
    "cat",
    "coffee cup",
    "rocket",
    "temple",
    "flower",
  ),
  ...plain("portraits", "white", "firefighter", "vampire", "princess", "ninja"),
  ...plain("3D renders", "white", "horse", "chicken", "teddy bear", "barrel"),
  ...plain("landscapes", undefined, "beach", "snow"),
  collage("mage", "temple"),
  collage("elf", "forest"),
  collage("prince", "canyon"),
  collage("astronaut", "rocket"),
];
