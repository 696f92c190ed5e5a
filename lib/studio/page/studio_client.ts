/// <reference lib="dom" />
import type {
  JobState,
  MapKind,
  MapsAnswer,
  PictureOrderForm,
  StudioSettings,
  UploadInfo,
} from "../protocol/studio_api.ts";

/** The server refused a request; the message is a sentence for the user. */
class RequestError extends Error {
  /** Name of the class. */
  override readonly name = "RequestError";
}

/** Fetches JSON from an address relative to the page, such as "api/settings". */
export async function getJson<T>(address: string): Promise<T> {
  return await answerOf(await fetchStudio(address)) as T;
}

/** Sends JSON, and returns the answer. */
export async function postJson<T>(address: string, body: unknown = {}): Promise<T> {
  const response = await fetchStudio(address, { method: "POST", body: JSON.stringify(body) });
  return await answerOf(response) as T;
}

/** Reads what the forms need. */
export async function readSettings(): Promise<StudioSettings> {
  return await getJson("api/settings");
}

/** Asks for pictures. */
export async function makePictures(form: PictureOrderForm): Promise<JobState> {
  return await postJson("api/jobs", form);
}

/** Pauses, resumes or cancels a job. */
export async function controlJob(
  id: string,
  action: "pause" | "resume" | "cancel",
): Promise<void> {
  await postJson(`api/jobs/${id}/${action}`);
}

/** Reads the picture after a step, or the last one before it that is kept. */
export async function readStep(
  job: string,
  number: number,
  step: number,
): Promise<{ readonly step: number; readonly indices: string }> {
  return await getJson(`api/jobs/${job}/pictures/${number}/steps/${step}`);
}

/** Continues a stopped run. */
export async function continueRun(run: string): Promise<JobState> {
  return await postJson("api/continue", { run });
}

/** Uploads a file. */
export async function upload(
  kind: UploadInfo["kind"],
  file: Blob,
  name: string,
): Promise<UploadInfo> {
  const address = `api/uploads/${kind}?name=${encodeURIComponent(name)}`;
  return await answerOf(await fetchStudio(address, { method: "POST", body: file })) as UploadInfo;
}

/** Waits for maps of a running picture, of a later step than the given one. */
export async function readMaps(
  { job, number, kinds, after, signal }: {
    readonly job: string;
    readonly number: number;
    readonly kinds: readonly MapKind[];
    readonly after: number;
    readonly signal: AbortSignal;
  },
): Promise<MapsAnswer> {
  const query = new URLSearchParams([...kinds.map((kind) => ["kind", kind]), [
    "after",
    `${after}`,
  ]]);
  const address = `api/jobs/${job}/pictures/${number}/maps?${query}`;
  return await answerOf(await fetchStudio(address, { signal })) as MapsAnswer;
}

async function fetchStudio(address: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    throw new RequestError("The studio does not answer: is it still running?", { cause });
  }
}

async function answerOf(response: Response): Promise<unknown> {
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new RequestError(answer.error ?? `The studio answered with status ${response.status}`);
}
