/// <reference lib="dom" />
import { useEffect, useReducer } from "./preact.ts";
import { changeState, EMPTY_STATE, type StudioState } from "./studio_state.ts";
import type { StudioEvent } from "../protocol/studio_api.ts";

const TYPES: readonly StudioEvent["type"][] = ["jobs", "job", "picture", "step", "runs"];

/**
 * Follows the events of the server. The browser reconnects by itself, and tells the last id that it
 * got, so nothing is missed.
 */
export function useStudio(): StudioState {
  const [state, change] = useReducer(changeState, EMPTY_STATE);
  useEffect(() => {
    const source = new EventSource("api/events");
    source.onopen = () => change({ type: "connection", isOpen: true });
    source.onerror = () => change({ type: "connection", isOpen: false });
    for (const type of TYPES) {
      source.addEventListener(type, (event) => change(JSON.parse(event.data)));
    }
    return () => source.close();
  }, []);
  return state;
}
