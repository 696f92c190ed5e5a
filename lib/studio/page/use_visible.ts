/// <reference lib="dom" />
import { useEffect, useState } from "./preact.ts";

/**
 * Tells whether the tab is visible. Hidden ones hold no connection: browsers open six to a host, so
 * that further tabs would get none.
 */
export function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const onChange = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, []);
  return isVisible;
}
