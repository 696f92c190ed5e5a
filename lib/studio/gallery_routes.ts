import { join } from "node:path";
import { readFile } from "../files/read_file.ts";
import { hasTransparency, type IndexedPicture } from "../finish/indexed_picture.ts";
import { encodePng } from "../image/encode_png.ts";
import type { ImageSize } from "../image/image.ts";
import { writeRunVideos } from "../outputs/video_from_run.ts";
import { Palette } from "../palette/palette.ts";
import { encodeIndexedPicture } from "../sprite/formats/png_sprite.ts";
import { SPRITE_FORMATS } from "../sprite/formats/sprite_formats.ts";
import { packSheet, type SheetPicture } from "../sprite/sheet.ts";
import { GIF } from "../video/formats/gif.ts";
import { videoLayout } from "../video/video_layout.ts";
import { encodeBase64 } from "./protocol/base64.ts";
import type { EventLog } from "./event_log.ts";
import { Gallery, type RunPicture } from "./gallery.ts";
import type { Jobs } from "./jobs.ts";
import type { PictureData } from "./protocol/gallery_api.ts";
import { readJson, reply } from "./request_body.ts";
import { type Route, route } from "./route.ts";

/** The largest enlargement of a download. */
const MAX_SCALE = 64;
/** Pixels of an enlarged download: 4096 x 4096. */
const MAX_PIXELS = 2 ** 24;
/** Pictures on a sheet. */
const MAX_SHEET = 256;
/** Frames a second of a GIF of a run. */
const GIF_FPS = 10;

/** What the routes of the gallery use. */
export interface GalleryParts {
  /** Absolute path of the output folder. */
  readonly output: string;
  readonly jobs: Jobs;
  readonly log: EventLog;
}

/** Routes of the runs in the output folder. */
export function galleryRoutes({ output, jobs, log }: GalleryParts): Route[] {
  const gallery = new Gallery(output);
  const changed = (answer: object = {}) => {
    log.add({ type: "runs" });
    return reply(answer);
  };
  const runOf = async (request: Request) => {
    const { run, trashed, isStarred } = await readJson(request) as Record<string, unknown>;
    return { run: String(run), trashed: String(trashed ?? run), isStarred: isStarred === true };
  };
  const asked = (request: Request) => new URL(request.url).searchParams;
  return [
    route("GET", "/api/runs", async () => reply({ runs: await gallery.list() })),
    route("GET", "/api/runs/pixels", async (request) => {
      const { name, picture } = await gallery.read(asked(request).get("run") ?? "");
      return reply(dataOf(name, picture));
    }),
    route("GET", "/api/runs/file", async (request) => {
      const query = asked(request);
      const run = query.get("run") ?? "";
      const format = query.get("format") ?? "png";
      const scale = readScale(query.get("scale"));
      const bytes = await encode(await gallery.read(run), { format, scale, output });
      const name = `${run.replaceAll("/", "-")}${scale > 1 ? `_x${scale}` : ""}.${format}`;
      return new Response(bytes, {
        headers: {
          "content-type": TYPES[format] ?? "application/octet-stream",
          // An SVG is a document: it must not run in the studio's origin.
          "content-security-policy": "sandbox; default-src 'none'",
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
        },
      });
    }),
    // Pictures whose scores compare, the best first.
    route("GET", "/api/runs/ranked", async (request) => {
      const runs = asked(request).getAll("run");
      checkCount(runs);
      const sheet = await gallery.contactSheet(runs);
      return new Response(encodePng(sheet), {
        headers: {
          "content-type": "image/png",
          "content-disposition": 'attachment; filename="contact_sheet.png"',
        },
      });
    }),
    // All pictures on one sheet, in their order.
    route("GET", "/api/runs/sheet", async (request) => {
      const runs = asked(request).getAll("run");
      const scale = readScale(asked(request).get("scale"));
      return new Response(await encodeSheet(gallery, runs, scale), {
        headers: {
          "content-type": "image/png",
          "content-disposition": 'attachment; filename="sheet.png"',
        },
      });
    }),
    route("POST", "/api/runs/star", async (request) => {
      const { run, isStarred } = await runOf(request);
      await gallery.star(run, isStarred);
      return changed();
    }),
    route("POST", "/api/runs/trash", async (request) => {
      const { run } = await runOf(request);
      if (jobs.isInProgress(run)) throw new RangeError(`Cannot delete "${run}": it is running`);
      return changed({ trashed: await gallery.trash(run) });
    }),
    route("POST", "/api/runs/restore", async (request) => {
      const { run, trashed } = await runOf(request);
      return changed({ run: await gallery.restore(trashed, run) });
    }),
    route("POST", "/api/pictures", async (request) => {
      const data = await readJson(request) as PictureData;
      return changed({ run: await gallery.save(String(data.name), pictureOf(data)) });
    }),
  ];
}

/** Packs the pictures of runs on a sheet, as `deno task sheet` does. */
async function encodeSheet(
  gallery: Gallery,
  runs: readonly string[],
  scale: number,
): Promise<Uint8Array<ArrayBuffer>> {
  checkCount(runs);
  const pictures: SheetPicture[] = [];
  for (const run of runs) pictures.push({ name: run, picture: (await gallery.read(run)).picture });
  const { picture } = packSheet(pictures);
  checkPixels(picture, scale);
  return encodeIndexedPicture(picture, scale);
}

function checkCount({ length }: readonly string[]): void {
  if (length >= 1 && length <= MAX_SHEET) return;
  throw new RangeError(`Cannot draw the sheet: expected 1 to ${MAX_SHEET} pictures, got ${length}`);
}

function checkPixels({ height, width }: ImageSize, scale: number): void {
  if (height * width * scale * scale <= MAX_PIXELS) return;
  throw new RangeError(`Cannot enlarge by ${scale}: expected at most ${MAX_PIXELS} pixels`);
}

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  svg: "image/svg+xml",
  gif: "image/gif",
};

function readScale(text: string | null): number {
  const scale = Number(text ?? 1);
  if (Number.isInteger(scale) && scale >= 1 && scale <= MAX_SCALE) return scale;
  throw new RangeError(`Cannot enlarge by ${text}: expected an integer in [1, ${MAX_SCALE}]`);
}

/** Encodes a picture of a run as a file. */
async function encode(
  { picture, frames }: RunPicture,
  { format, scale, output }: {
    readonly format: string;
    readonly scale: number;
    readonly output: string;
  },
): Promise<BodyInit> {
  const { height, width } = picture;
  checkPixels(picture, scale);
  if (format === GIF.name) {
    const path = join(output, "studio", `${crypto.randomUUID()}.gif`);
    const wanted = { height: height * scale, width: width * scale };
    const { factor } = videoLayout(GIF, picture, wanted);
    const videoSize = { height: height * factor, width: width * factor };
    try {
      await writeRunVideos(frames, [{ path, videoSize }], { size: picture, fps: GIF_FPS });
      return await readFile(path);
    } finally {
      await Deno.remove(path).catch(() => {});
    }
  }
  const found = SPRITE_FORMATS.find(({ name }) => name === format);
  if (found !== undefined) return found.encode({ frames: [picture] }, { factor: scale });
  const names = [...SPRITE_FORMATS.map(({ name }) => name), GIF.name].join(", ");
  throw new RangeError(`Cannot write "${format}": expected one of ${names}`);
}

function dataOf(name: string, picture: IndexedPicture): PictureData {
  const { height, width, palette, indices } = picture;
  if (palette.size > 255 && hasTransparency(picture)) {
    throw new RangeError(`Cannot paint "${name}": expected 255 colors beside transparent pixels`);
  }
  const colors = Array.from({ length: palette.size }, (_, k) => `#${palette.hexAt(k)}`);
  return { name, height, width, colors, indices: encodeBase64(Uint8Array.from(indices)) };
}

/**
 * Reads a painted picture.
 *
 * @throws {RangeError} If a field is wrong.
 */
function pictureOf({ name, height, width, colors, indices }: PictureData): IndexedPicture {
  const wrong = (found: string) => new RangeError(`Cannot save the picture: expected ${found}`);
  for (const side of [height, width]) {
    if (!Number.isInteger(side) || side < 1 || side > 1024) throw wrong("sides in [1, 1024]");
  }
  const isColors = Array.isArray(colors) && colors.length >= 1 && colors.length <= 256 &&
    colors.every((color) => /^#[0-9a-f]{6}$/i.test(color));
  if (!isColors) throw wrong('1 to 256 colors as "#rrggbb"');
  let binary: string;
  try {
    binary = atob(indices);
  } catch {
    throw wrong("pixels in base64");
  }
  const pixels = Uint32Array.from(binary, (letter) => letter.charCodeAt(0));
  if (pixels.length !== height * width || pixels.some((index) => index > colors.length)) {
    throw wrong(`${height * width} pixels with indices in [0, ${colors.length}]`);
  }
  const bytes = colors.flatMap((color) =>
    [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
  );
  return { height, width, palette: new Palette(name, Uint8Array.from(bytes)), indices: pixels };
}
