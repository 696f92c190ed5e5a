import type { Buffer } from "node:buffer";
import module from "npm:ase-parser@0.0.19";

/** What the tests read of a file of Aseprite; the package has no types. */
interface ParsedSprite {
  readonly width: number;
  readonly height: number;
  readonly colorDepth: number;
  readonly tags: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  readonly layers: readonly { readonly flags: { readonly background: boolean } }[];
  readonly frames: readonly {
    readonly frameDuration: number;
    readonly cels: readonly { readonly rawCelData: Uint8Array }[];
  }[];
  /** Reads the file. */
  parse(): void;
}

/** An independent reader of Aseprite's files. */
export const Parser = module as unknown as new (bytes: Buffer, name: string) => ParsedSprite;
