/// <reference lib="dom" />
import { html, render, useCallback, useEffect, useState, type VNode } from "./preact.ts";
import { readSettings } from "./studio_client.ts";
import { useStudio } from "./use_studio.ts";
import { VIEWS } from "./views.ts";
import type { StudioSettings } from "../protocol/studio_api.ts";

/** Shows the studio in an element of the page. */
export function startStudio(root: Element): void {
  root.replaceChildren();
  render(html`<${Studio} />`, root);
}

/** Splits "#/paint/a/b" into the view "paint" and the rest "a/b". */
function readAddress(): { readonly name: string; readonly rest: string } {
  const [, name = "", rest = ""] = /^#\/([^/]*)\/?(.*)$/.exec(location.hash) ?? [];
  return { name, rest: decodeURIComponent(rest) };
}

function Studio(): VNode {
  const state = useStudio();
  const [settings, setSettings] = useState<StudioSettings>();
  const [error, setError] = useState("");
  const [address, setAddress] = useState(readAddress);
  const refreshSettings = useCallback(async () => setSettings(await readSettings()), []);
  const onError = useCallback((error: unknown) => {
    setError(error instanceof Error ? error.message : String(error ?? ""));
  }, []);
  useEffect(() => {
    refreshSettings().catch(onError);
  }, [state.filesVersion]);
  useEffect(() => {
    const onHash = () => setAddress(readAddress());
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, []);
  const view = VIEWS.find(({ name }) => name === address.name) ?? VIEWS[0]!;
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <header class="bar">
      <span class="brand"><span class="mark" aria-hidden="true"><i></i><i></i><i></i><i></i></span>
        Smalti</span>
      <nav aria-label="Views">
        ${VIEWS.map(({ name, title }) =>
          html`
            <a href=${`#/${name}`} aria-current=${name === view.name
              ? "page"
              : undefined}>${title}</a>
          `
        )}
      </nav>
      <span class="connection" role="status">
        ${state.isConnected ? "" : settings ? "Connecting again …" : ""}
      </span>
    </header>
    ${error && html`
      <div class="error" role="alert">
        <span>${error}</span>
        <button type="button" onClick=${() => setError("")}>Close</button>
      </div>
    `}
    <main id="main" tabindex="-1">
      ${settings && html`
        <${view.show} key=${view.name} state=${state} settings=${settings}
          refreshSettings=${refreshSettings} onError=${onError} rest=${address.rest} />
      `}
    </main>
  `;
}
