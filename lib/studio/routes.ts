import { preparePictures } from "../cli/commands/generate.ts";
import { parseCommandLine } from "../cli/flags/parse_command_line.ts";
import { builtInPalettes } from "../palette/formats/built_in_palettes.ts";
import type { EventLog } from "./event_log.ts";
import { galleryRoutes } from "./gallery_routes.ts";
import type { Jobs } from "./jobs.ts";
import type { Maker } from "./maker.ts";
import { commandLine, orderArguments } from "./order_arguments.ts";
import type { PageFiles } from "./page_files.ts";
import { encodeBase64 } from "./protocol/base64.ts";
import {
  isMapKind,
  type MapsAnswer,
  type PictureOrderForm,
  type UploadInfo,
} from "./protocol/studio_api.ts";
import { readBytes, readJson, reply } from "./request_body.ts";
import { type Route, route } from "./route.ts";
import { runFolder } from "./run_folders.ts";
import type { DrawnMaps } from "./run_messages.ts";
import { FixedSettings, readSettings } from "./studio_settings.ts";
import type { Timings } from "./timings.ts";
import { UPLOAD_LIMITS, type Uploads } from "./uploads.ts";

/** The parts of a studio, which the routes use. */
export interface StudioParts {
  /** Absolute path of the output folder. */
  readonly output: string;
  /** The teacher, as `--model` names it. */
  readonly model: string;
  /** Further flags of each run. */
  readonly flags: readonly string[];
  readonly jobs: Jobs;
  readonly log: EventLog;
  readonly maker: Maker;
  readonly timings: Timings;
  readonly uploads: Uploads;
}

/** Creates all routes. */
export function createRoutes(studio: StudioParts, page: PageFiles): readonly Route[] {
  return [
    ...pageRoutes(page),
    ...jobRoutes(studio),
    ...uploadRoutes(studio),
    ...galleryRoutes(studio),
  ];
}

function pageRoutes(page: PageFiles): Route[] {
  const missing = () => Response.json({ error: "There is no such file" }, { status: 404 });
  return [
    route("GET", "/", () => page.index()),
    route("GET", "/lib/:path+", async (_, { path }) => await page.find(`lib/${path}`) ?? missing()),
    route(
      "GET",
      "/packages/:name",
      async (_, { name }) => await page.package(`packages/${name}`) ?? missing(),
    ),
  ];
}

function jobRoutes(studio: StudioParts): Route[] {
  const { jobs, log, maker, flags, model, uploads } = studio;
  const known = (id: string | undefined) => {
    const job = jobs.find(id ?? "");
    if (job === undefined) throw new RangeError(`Cannot find the job "${id}"`);
    return job;
  };
  const fixed = new FixedSettings(model);
  const own = ["--model", model, "--output", studio.output, ...flags];
  return [
    route("GET", "/api/settings", async () => reply(await readSettings(studio, fixed))),
    route("GET", "/api/events", (request) => {
      const after = new URL(request.url).searchParams.get("after");
      return log.open(request.headers.get("last-event-id") ?? after);
    }),
    route("POST", "/api/jobs", async (request) => {
      const form = await readJson(request) as PictureOrderForm;
      const isPalette = (id: string) => builtInPalettes().some(({ name }) => name === id);
      const args = [...await orderArguments(form, uploads, isPalette), ...own];
      await checkOrder(args);
      return reply(maker.make({ form, command: commandLine(args) }, args));
    }),
    route("POST", "/api/jobs/:id/pause", (_, { id }) => {
      maker.pause(known(id).id);
      return reply({});
    }),
    route("POST", "/api/jobs/:id/resume", (_, { id }) => {
      maker.resume(known(id).id);
      return reply({});
    }),
    route("POST", "/api/jobs/:id/cancel", (_, { id }) => {
      maker.cancel(known(id).id);
      return reply({});
    }),
    // Maps of the next step that ends; one request for all, since browsers open few connections.
    route("GET", "/api/jobs/:id/pictures/:number/maps", async (request, { id, number }) => {
      const query = new URL(request.url).searchParams;
      const kinds = query.getAll("kind").filter(isMapKind);
      const after = Number(query.get("after") ?? -1);
      const drawn = await maker.maps(known(id).id, Number(number), { kinds, after });
      return reply(drawn === undefined ? {} : mapsAnswer(drawn));
    }),
    route("GET", "/api/jobs/:id/pictures/:number/steps/:step", (_, { id, number, step }) => {
      return reply(jobs.stepPicture(known(id).id, Number(number), Number(step)));
    }),
    // Continues a run of the output folder that was stopped.
    route("POST", "/api/continue", async (request) => {
      const { run } = await readJson(request) as { readonly run: string };
      const folder = await runFolder(studio.output, run);
      if (jobs.isInProgress(run)) throw new RangeError(`Cannot continue "${run}": it is running`);
      const args = ["--resume", folder, "--score"];
      return reply(maker.make({ form: undefined, command: commandLine(args) }, args));
    }),
  ];
}

/**
 * Refuses what `generate` refuses, before the order waits for others.
 *
 * @throws {Error} With a sentence for the user.
 */
async function checkOrder(args: readonly string[]): Promise<void> {
  const parsed = parseCommandLine(["generate", ...args]);
  if (parsed?.command !== "generate") throw new TypeError("Cannot make pictures: no command");
  await preparePictures(parsed.flags);
}

function mapsAnswer({ step, maps }: DrawnMaps): MapsAnswer {
  const texts = maps.map(([kind, map]) =>
    [kind, typeof map === "string" ? { note: map } : { png: encodeBase64(map) }] as const
  );
  return { step, maps: Object.fromEntries(texts) };
}

function uploadRoutes({ uploads }: StudioParts): Route[] {
  return [
    route("GET", "/api/uploads/:id", async (_, { id }) => {
      return new Response(await uploads.png(id!), { headers: { "content-type": "image/png" } });
    }),
    // The body is the file; "name" in the query is its name.
    route("POST", "/api/uploads/:kind", async (request, { kind }) => {
      const name = new URL(request.url).searchParams.get("name") ?? "";
      const bytes = await readBytes(request, UPLOAD_LIMITS.bytes);
      return reply(await addUpload(uploads, bytes, { name, kind: kind as UploadInfo["kind"] }));
    }),
  ];
}

async function addUpload(
  uploads: Uploads,
  bytes: Uint8Array<ArrayBuffer>,
  { name, kind }: { readonly name: string; readonly kind: UploadInfo["kind"] },
): Promise<UploadInfo> {
  if (kind === "palette") return await uploads.addPalette(bytes, name);
  if (kind === "image" || kind === "mask") return await uploads.addImage(bytes, name, kind);
  throw new RangeError(`Cannot add "${name}": expected an image, a palette or a mask`);
}
