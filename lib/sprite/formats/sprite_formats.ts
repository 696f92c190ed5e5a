import { ASEPRITE } from "./aseprite.ts";
import { PNG_SPRITE } from "./png_sprite.ts";
import { SVG } from "./svg.ts";
import type { SpriteFormat } from "../sprite_format.ts";

/** All formats of sprite files. */
export const SPRITE_FORMATS: readonly SpriteFormat[] = [PNG_SPRITE, ASEPRITE, SVG];
