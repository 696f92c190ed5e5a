import { relative, resolve, sep } from "node:path";
import type { RunEvent } from "../report/run_event.ts";
import { encodeBase64 } from "./protocol/base64.ts";
import type { EventLog } from "./event_log.ts";
import type { JobState, PictureState, StudioEvent } from "./protocol/studio_api.ts";
import type { FromWorker } from "./run_messages.ts";
import { StepHistory } from "./step_history.ts";
import type { Work } from "./timings.ts";
import { WorkMeter } from "./work_meter.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Job = Mutable<Omit<JobState, "pictures">> & { pictures: Mutable<PictureState>[] };
type StepOf = Extract<RunEvent, { event: "step" }>;

/** What a new job is. */
export type NewJob = Pick<JobState, "form" | "command"> & {
  /** Path of the folder of the run that it continues. */
  readonly continued?: string;
};

/** Jobs that are kept after their end; their pictures stay in the output folder. */
const MAX_ENDED = 50;

/** The jobs of a studio: what the page knows of them follows from the messages of the worker. */
export class Jobs {
  readonly #jobs = new Map<string, Job>();
  readonly #output: string;
  readonly #steps = new Map<string, StepOf>();
  readonly #history = new StepHistory();
  readonly #meters = new Map<string, WorkMeter>();
  #last = 0;
  /** Gets each change. */
  log: Pick<EventLog, "add"> = { add: () => {} };
  /** Called with measured work of new pictures from prompts: those from images take other times. */
  onWork: (work: Work) => void = () => {};

  /** @param output Path of the output folder. */
  constructor(output: string) {
    this.#output = resolve(output);
  }

  /** All jobs as an event. */
  state(): StudioEvent {
    return { type: "jobs", jobs: [...this.#jobs.values()] };
  }

  /** Returns a job; undefined if there is none of that id. */
  find(id: string): JobState | undefined {
    return this.#jobs.get(id);
  }

  /** Returns the picture after a step, or the last one before that is kept. */
  stepPicture(id: string, number: number, step: number): { step: number; indices: string } {
    const found = this.#history.find(`${id} ${number}`, step);
    if (found === undefined) throw new RangeError("Cannot find the step: it is no longer kept");
    return found;
  }

  /** Whether a job is queued, or in progress. */
  get isBusy(): boolean {
    return [...this.#jobs.values()].some(isOpen);
  }

  /** Ids of the jobs that are queued or in progress. */
  get open(): readonly string[] {
    return [...this.#jobs.values()].filter(isOpen).map(({ id }) => id);
  }

  /** Whether a run is being made, by the path of its folder relative to the output folder. */
  isInProgress(run: string): boolean {
    return [...this.#jobs.values()].some((job) =>
      isOpen(job) && job.pictures.some((picture) => !picture.isDone && picture.run === run)
    );
  }

  /** Adds a job that waits. */
  add({ form, command }: NewJob): JobState {
    const id = `${++this.#last}`;
    const job: Job = {
      id,
      form,
      command,
      status: "queued",
      createdAt: Date.now(),
      startedAt: undefined,
      count: form?.variations ?? 1,
      stage: undefined,
      sample: undefined,
      notes: [],
      error: undefined,
      pictures: [],
    };
    this.#jobs.set(id, job);
    if (form !== undefined && form.image === undefined) {
      this.#meters.set(id, new WorkMeter(form.preset, (work) => this.onWork(work)));
    }
    const ended = [...this.#jobs.values()].filter((one) => !isOpen(one));
    for (const { id } of ended.slice(0, -MAX_ENDED)) this.#jobs.delete(id);
    this.#changed(job);
    return job;
  }

  /** Sets the status of a job that is in progress. */
  setStatus(id: string, status: JobState["status"]): void {
    const job = this.#jobs.get(id);
    if (job === undefined || !isOpen(job)) return;
    job.status = status;
    if (status === "paused") this.#meters.get(id)?.pause();
    this.#changed(job);
  }

  /** Follows a message of the worker. */
  receive(message: Exclude<FromWorker, { type: "maps" }>): void {
    const job = this.#jobs.get(message.job);
    if (job === undefined) return;
    switch (message.type) {
      case "started":
        job.status = job.status === "queued" ? "running" : job.status;
        job.startedAt = Date.now();
        job.count = message.count;
        this.#changed(job);
        break;
      case "picture": {
        const { number } = message.picture;
        const picture = {
          run: this.#runs.get(`${job.id} ${number}`),
          ...message.picture,
          indices: "",
          losses: {},
          seconds: [],
          timestep: undefined,
          score: undefined,
          isDone: false,
        };
        job.pictures = [...job.pictures.filter((one) => one.number !== number), picture]
          .sort((a, b) => a.number - b.number);
        this.log.add({ type: "picture", job: job.id, picture: { ...picture } });
        break;
      }
      case "pixels":
        this.#addPixels(job, message);
        break;
      case "event":
        this.#addEvent(job, message.event);
        break;
      case "end":
        job.status = message.error !== undefined ? "failed" : message.stopped ? "stopped" : "done";
        job.error = message.error;
        job.stage = undefined;
        job.sample = undefined;
        this.#meters.delete(job.id);
        this.#changed(job);
        this.log.add({ type: "runs" });
    }
  }

  /** Folders of runs by job and number: they are told before the picture is. */
  readonly #runs = new Map<string, string>();

  #addEvent(job: Job, event: RunEvent): void {
    const number = event.picture?.number ?? 1;
    const key = `${job.id} ${number}`;
    // Pictures of one batch share their time.
    if (event.picture === undefined) this.#meters.get(job.id)?.receive(event);
    switch (event.event) {
      case "note":
        job.notes = [...job.notes, event.message];
        break;
      case "stage":
        job.stage = event.stage;
        break;
      case "sample":
        job.sample = { call: event.call, calls: event.calls };
        break;
      case "start":
        job.stage = undefined;
        job.sample = undefined;
        this.#runs.set(key, this.#relative(event.folder));
        break;
      case "step":
        this.#steps.set(key, event);
        return;
      case "failed":
        job.notes = [...job.notes, event.message];
        break;
      case "done": {
        const picture = job.pictures.find((one) => one.number === number);
        if (picture === undefined) return;
        picture.isDone = true;
        picture.score = event.score ?? undefined;
        this.#runs.delete(key);
        this.log.add({ type: "picture", job: job.id, picture: { ...picture } });
        this.log.add({ type: "runs" });
        return;
      }
      case "download":
        job.stage = "download";
        break;
      case "pictures":
        return;
    }
    this.#changed(job);
  }

  #addPixels(job: Job, { number, step, indices }: Extract<FromWorker, { type: "pixels" }>): void {
    const picture = job.pictures.find((one) => one.number === number);
    if (picture === undefined) return;
    picture.indices = encodeBase64(indices);
    picture.step = step;
    const key = `${job.id} ${number}`;
    this.#history.add(key, { step, indices: picture.indices });
    const event = this.#steps.get(key);
    this.#steps.delete(key);
    if (event === undefined) {
      this.log.add({ type: "picture", job: job.id, picture: { ...picture } });
      return;
    }
    const { losses, timestep, seconds } = event;
    picture.timestep = timestep;
    picture.seconds = [...picture.seconds, seconds];
    picture.losses = Object.fromEntries(
      Object.entries(losses).map(([name, value]) => [
        name,
        [...picture.losses[name] ?? [], value],
      ]),
    );
    const { indices: text } = picture;
    const { id } = job;
    this.log.add({ type: "step", job: id, number, step, timestep, seconds, losses, indices: text });
  }

  #relative(folder: string): string {
    return relative(this.#output, resolve(folder)).replaceAll(sep, "/");
  }

  #changed({ pictures: _, ...job }: Job): void {
    this.log.add({ type: "job", job: { ...job } });
  }
}

function isOpen({ status }: Pick<JobState, "status">): boolean {
  return status !== "done" && status !== "stopped" && status !== "failed";
}
