import type { JobState, PictureState, StudioEvent } from "../protocol/studio_api.ts";

/** What the page knows of the studio's jobs. */
export interface StudioState {
  /** All jobs, oldest first. */
  readonly jobs: readonly JobState[];
  /** Grows when the files of the output folder have changed. */
  readonly filesVersion: number;
  /** Whether the event stream is open. */
  readonly isConnected: boolean;
}

/** State before the first event. */
export const EMPTY_STATE: StudioState = { jobs: [], filesVersion: 0, isConnected: false };

/** What changes the state: an event of the server, or of the connection. */
export type StateChange = StudioEvent | { readonly type: "connection"; readonly isOpen: boolean };

/** Returns the state after a change. Parts that do not change stay the same objects. */
export function changeState(state: StudioState, change: StateChange): StudioState {
  switch (change.type) {
    case "connection":
      return state.isConnected === change.isOpen ? state : { ...state, isConnected: change.isOpen };
    case "jobs":
      return { ...state, jobs: change.jobs, filesVersion: state.filesVersion + 1 };
    case "runs":
      return { ...state, filesVersion: state.filesVersion + 1 };
    case "job": {
      const { job } = change;
      const before = state.jobs.find(({ id }) => id === job.id);
      const after = { ...job, pictures: before?.pictures ?? [] };
      const jobs = before === undefined
        ? [...state.jobs, after]
        : state.jobs.map((one) => one === before ? after : one);
      return { ...state, jobs };
    }
    case "picture":
      return changeJob(state, change.job, (job) => ({
        ...job,
        pictures: [
          ...job.pictures.filter(({ number }) => number !== change.picture.number),
          change.picture,
        ].sort((a, b) => a.number - b.number),
      }));
    case "step":
      return changeJob(state, change.job, (job) => ({
        ...job,
        pictures: job.pictures.map((one) =>
          one.number === change.number ? afterStep(one, change) : one
        ),
      }));
  }
}

function changeJob(
  state: StudioState,
  id: string,
  change: (job: JobState) => JobState,
): StudioState {
  return { ...state, jobs: state.jobs.map((job) => job.id === id ? change(job) : job) };
}

function afterStep(
  picture: PictureState,
  { step, timestep, seconds, losses, indices }: Extract<StudioEvent, { type: "step" }>,
): PictureState {
  const added = Object.entries(losses).map(([name, value]) =>
    [name, [...picture.losses[name] ?? [], value]] as const
  );
  return {
    ...picture,
    step,
    timestep,
    indices,
    seconds: [...picture.seconds, seconds],
    losses: { ...picture.losses, ...Object.fromEntries(added) },
  };
}
