/// <reference lib="dom" />
import { html, render, useCallback, useEffect, useState, type VNode } from "./preact.ts";
import { readSettings } from "./studio_client.ts";
import { useStudio } from "./use_studio.ts";
import { VIEWS } from "./views.ts";
import type { StudioSettings } from "../protocol/studio_api.ts";

/** Shows the studio in an element of the page. */
export async function startStudio(root: Element): Promise<void> {
  // They are on their way since the page began, so they are painted at once.
  const [settings, error] = await readSettings().then(
    (settings) => [settings, undefined] as const,
    (error) => [undefined, error] as const,
  );
  root.replaceChildren();
  render(html`<${Studio} first=${settings} firstError=${error} />`, root);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error ?? "");
}

/** Splits "#/paint/a/b" into the view "paint" and the rest "a/b". */
function readAddress(): { readonly name: string; readonly rest: string } {
  const [, name = "", rest = ""] = /^#\/([^/]*)\/?(.*)$/.exec(location.hash) ?? [];
  return { name, rest: decodeURIComponent(rest) };
}

function Studio({ first, firstError }: {
  readonly first: StudioSettings | undefined;
  readonly firstError: unknown;
}): VNode {
  const state = useStudio();
  const [settings, setSettings] = useState(first);
  const [error, setError] = useState(() => textOf(firstError));
  const [address, setAddress] = useState(readAddress);
  const refreshSettings = useCallback(async () => setSettings(await readSettings()), []);
  const onError = useCallback((error: unknown) => {
    setError(textOf(error));
  }, []);
  useEffect(() => {
    if (state.filesVersion > 0) refreshSettings().catch(onError);
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
