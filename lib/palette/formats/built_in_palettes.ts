import artkal from "../../../assets/materials/artkal.csv" with { type: "text" };
import brother from "../../../assets/materials/brother.csv" with { type: "text" };
import dmc from "../../../assets/materials/dmc.csv" with { type: "text" };
import hama from "../../../assets/materials/hama.csv" with { type: "text" };
import isacord from "../../../assets/materials/isacord.csv" with { type: "text" };
import janome from "../../../assets/materials/janome.csv" with { type: "text" };
import lego from "../../../assets/materials/lego.csv" with { type: "text" };
import nabbi from "../../../assets/materials/nabbi.csv" with { type: "text" };
import perler from "../../../assets/materials/perler.csv" with { type: "text" };
import oneBit from "../../../assets/palettes/1-bit.hex" with { type: "text" };
import gameBoy from "../../../assets/palettes/game-boy.hex" with { type: "text" };
import gray16 from "../../../assets/palettes/gray-16.hex" with { type: "text" };
import gray4 from "../../../assets/palettes/gray-4.hex" with { type: "text" };
import gray8 from "../../../assets/palettes/gray-8.hex" with { type: "text" };
import endesga32 from "../../../assets/palettes/lospec/endesga-32.hex" with { type: "text" };
import neonSpace from "../../../assets/palettes/lospec/neon-space.hex" with { type: "text" };
import gameBoyBgb from "../../../assets/palettes/lospec/nintendo-gameboy-bgb.hex" with {
  type: "text",
};
import oil6 from "../../../assets/palettes/lospec/oil-6.hex" with { type: "text" };
import pico8 from "../../../assets/palettes/lospec/pico-8.hex" with { type: "text" };
import resurrect64 from "../../../assets/palettes/lospec/resurrect-64.hex" with { type: "text" };
import slowly from "../../../assets/palettes/lospec/slowly.hex" with { type: "text" };
import sweetie16 from "../../../assets/palettes/lospec/sweetie-16.hex" with { type: "text" };
import { LATTICE_STEPS, latticeName, latticePalette } from "../lattice.ts";
import type { Palette } from "../palette.ts";
import { parseMaterials } from "./csv.ts";
import { parseHex } from "./hex.ts";

/** A palette of the library. */
export interface BuiltInPalette {
  /** Name, such as "sweetie-16". */
  readonly name: string;
  /** Its author and source. */
  readonly credit: string;
  /** Reads or computes its colors. */
  load(): Palette;
}

/**
 * Returns all palettes of the library: palettes of pictures, lattices, and the colors of materials,
 * each smallest first.
 */
export function builtInPalettes(): readonly BuiltInPalette[] {
  return [...FILES, ...LATTICES, ...MATERIALS];
}

const FILES: readonly BuiltInPalette[] = [
  stored("1-bit", oneBit, "black and white"),
  stored("slowly", slowly, "https://lospec.com/palette-list/slowly"),
  stored("gray-4", gray4, "even grays"),
  stored("game-boy", gameBoy, "the four greens of the Game Boy's screen"),
  stored(
    "nintendo-gameboy-bgb",
    gameBoyBgb,
    "BGB, https://lospec.com/palette-list/nintendo-gameboy-bgb",
  ),
  stored("oil-6", oil6, "GrafxKid, https://lospec.com/palette-list/oil-6"),
  stored("gray-8", gray8, "even grays"),
  stored("neon-space", neonSpace, "Jimison3, https://lospec.com/palette-list/neon-space"),
  stored("sweetie-16", sweetie16, "GrafxKid, https://lospec.com/palette-list/sweetie-16"),
  stored("pico-8", pico8, "Lexaloffle, https://lospec.com/palette-list/pico-8"),
  stored("gray-16", gray16, "even grays"),
  stored("endesga-32", endesga32, "ENDESGA, https://lospec.com/palette-list/endesga-32"),
  stored(
    "resurrect-64",
    resurrect64,
    "Kerrie Lake, https://lospec.com/palette-list/resurrect-64",
  ),
];

const LATTICES: readonly BuiltInPalette[] = Array.from(
  { length: LATTICE_STEPS.max - LATTICE_STEPS.min + 1 },
  (_, i) => {
    const steps = LATTICE_STEPS.min + i;
    const credit = `${steps} even steps per channel`;
    return { name: latticeName(steps), credit, load: () => latticePalette(steps) };
  },
);

/** Community values: measured or chosen by users, not by the makers. */
const MATERIALS: readonly BuiltInPalette[] = [
  materials(
    "nabbi",
    nabbi,
    "Nabbi beads, community values, https://github.com/maxcleme/beadcolors",
  ),
  materials(
    "brother",
    brother,
    "threads of Brother's PEC format, https://github.com/EmbroidePy/pyembroidery",
  ),
  materials(
    "janome",
    janome,
    "threads of Janome's JEF format, https://github.com/EmbroidePy/pyembroidery",
  ),
  materials(
    "hama",
    hama,
    "Hama Midi beads, community values, https://github.com/maxcleme/beadcolors",
  ),
  materials("lego", lego, "solid LEGO colors by LDraw codes, https://www.ldraw.org"),
  materials(
    "perler",
    perler,
    "Perler beads, community values, https://github.com/maxcleme/beadcolors",
  ),
  materials(
    "artkal",
    artkal,
    "Artkal S beads, community values, https://github.com/maxcleme/beadcolors",
  ),
  materials(
    "isacord",
    isacord,
    "Isacord threads, community values, https://github.com/Embroidermodder/libembroidery",
  ),
  materials(
    "dmc",
    dmc,
    "DMC embroidery floss, community values, https://github.com/sharlagelfand/dmc",
  ),
];

function stored(name: string, text: string, credit: string): BuiltInPalette {
  return { name, credit, load: () => parseHex(text, name) };
}

function materials(name: string, text: string, credit: string): BuiltInPalette {
  return { name, credit, load: () => parseMaterials(text, name) };
}
