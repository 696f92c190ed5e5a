import type { Sprite } from "./sprite.ts";

/** Options of writing a sprite. */
export interface SpriteOptions {
  /** Each pixel becomes a square of this size, where a format has pixels; integer. Default: 1. */
  readonly factor?: number;
  /** Whether each color gets a layer, where a format has layers. Default: false. */
  readonly layers?: boolean;
}

/** A format of sprite files. A new one is one file and one line in `sprite_formats.ts`. */
export interface SpriteFormat {
  /** Name, such as "aseprite". */
  readonly name: string;
  /** File extension with its dot. */
  readonly extension: `.${string}`;
  /** Whether it holds several frames; else each frame is a file. */
  readonly hasFrames: boolean;
  /**
   * Writes a sprite.
   *
   * @throws {SpriteError} If the format cannot hold it.
   */
  encode(sprite: Sprite, options?: SpriteOptions): Uint8Array<ArrayBuffer> | string;
}
