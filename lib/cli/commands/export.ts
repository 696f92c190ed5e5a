import { join } from "node:path";
import { writeFileInFolder } from "../../files/write_file.ts";
import type { Terminal } from "../../report/terminal.ts";
import { sharePalette } from "../../sprite/shared_palette.ts";
import type { SheetPicture } from "../../sprite/sheet.ts";
import type { Sprite } from "../../sprite/sprite.ts";
import { SPRITE_FORMATS } from "../../sprite/formats/sprite_formats.ts";
import type { SpriteFormat, SpriteOptions } from "../../sprite/sprite_format.ts";
import { splitList } from "../../text/split_list.ts";
import type { FlagsOf } from "../flags/flag_table.ts";
import { parseCount } from "../flags/parse_values.ts";
import { UsageError } from "../flags/flag.ts";
import { readPictures } from "./read_pictures.ts";

const MAX_FACTOR = 64;
const MAX_DURATION = 60_000;

/**
 * Writes finished pictures as files of other programs.
 *
 * All files are composed before the first is written.
 *
 * @param sources Folders of runs, and image files.
 */
export async function exportCommand(
  sources: readonly string[],
  flags: FlagsOf<"export">,
  { out }: { readonly out: Terminal },
): Promise<void> {
  if (sources.length === 0) throw new UsageError("Cannot export: expected a run's folder or image");
  const formats = readFormats(flags.format);
  const options: SpriteOptions = {
    factor: flags.scale === undefined ? 1 : parseCount(flags.scale, "--scale", MAX_FACTOR),
    layers: flags.layers ?? false,
  };
  const duration = flags.duration === undefined
    ? undefined
    : parseCount(flags.duration, "--duration", MAX_DURATION);
  if (flags.frames && formats.some(({ hasFrames }) => !hasFrames)) {
    const able = SPRITE_FORMATS.filter(({ hasFrames }) => hasFrames).map(({ name }) => name);
    throw new UsageError(`Cannot export frames: expected ${able.join(", ")} for --format`);
  }
  const pictures = await readPictures(sources);
  const sprites = flags.frames ? [animationOf(pictures, duration)] : pictures.map(still);
  const folder = flags.output ?? join("workdir", "exported");
  const files = sprites.flatMap(({ name, sprite }) =>
    formats.map((format) => ({
      path: join(folder, `${name}${format.extension}`),
      content: format.encode(sprite, options),
    }))
  );
  for (const { path, content } of files) {
    await writeFileInFolder(path, content);
    out.write(`${path}\n`);
  }
}

interface NamedSprite {
  readonly name: string;
  readonly sprite: Sprite;
}

function still({ name, picture }: SheetPicture): NamedSprite {
  return { name, sprite: { frames: [picture] } };
}

/** Makes all pictures frames of one sprite, which is named after the first. */
function animationOf(
  pictures: readonly SheetPicture[],
  duration: number | undefined,
): NamedSprite {
  const frames = sharePalette(pictures.map(({ picture }) => picture));
  const [first] = pictures;
  return { name: first!.name, sprite: { frames, ...duration === undefined ? {} : { duration } } };
}

function readFormats(typed: string | undefined): SpriteFormat[] {
  const names = SPRITE_FORMATS.map(({ name }) => name).join(", ");
  if (typed === undefined) throw new UsageError(`Cannot export: expected ${names} for --format`);
  return splitList(typed).map((name) => {
    const format = SPRITE_FORMATS.find((one) => one.name === name.toLowerCase());
    if (format !== undefined) return format;
    throw new UsageError(`Cannot export: expected ${names} for --format, got "${name}"`);
  });
}
