/// <reference lib="dom" />
import { useEffect, useReducer, useRef } from "./preact.ts";
import { changeState, EMPTY_STATE, type StudioState } from "./studio_state.ts";
import { useVisible } from "./use_visible.ts";
import type { StudioEvent } from "../protocol/studio_api.ts";

const TYPES: readonly StudioEvent["type"][] = ["jobs", "job", "picture", "step", "runs"];

/**
 * Follows the events of the server. It is told the last id that the page got, by the browser when
 * it reconnects or by the address, so nothing is missed.
 */
export function useStudio(): StudioState {
  const [state, change] = useReducer(changeState, EMPTY_STATE);
  const lastId = useRef("");
  const isVisible = useVisible();
  useEffect(() => {
    if (!isVisible) return;
    // The page is painted once a frame, however many events come.
    const waiting: StudioEvent[] = [];
    let frame = 0;
    const takeAll = () => {
      frame = 0;
      for (const event of waiting.splice(0)) change(event);
    };
    const source = new EventSource(`api/events?after=${lastId.current}`);
    source.onopen = () => change({ type: "connection", isOpen: true });
    source.onerror = () => change({ type: "connection", isOpen: false });
    for (const type of TYPES) {
      source.addEventListener(type, (event) => {
        lastId.current = event.lastEventId;
        waiting.push(JSON.parse(event.data));
        frame ||= requestAnimationFrame(takeAll);
      });
    }
    return () => {
      source.close();
      // They will not come again.
      cancelAnimationFrame(frame);
      takeAll();
    };
  }, [isVisible]);
  return state;
}
