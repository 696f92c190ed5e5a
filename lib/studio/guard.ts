/** Headers of all answers: nothing from other hosts, no frame around the page. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** What a request must fit. */
export interface GuardOptions {
  /** Secret part of the address. */
  readonly token: string;
  /** Port of the server. */
  readonly port: number;
}

/**
 * Checks a request: it names this machine in `Host`, comes from the page itself, and knows the
 * token.
 *
 * A page of another site can make a browser send requests here, also under its own name that
 * it points to this machine (DNS rebinding). Such requests have another `Host` or `Origin`, and
 * none knows the token.
 *
 * @returns The path behind the token, such as "/api/jobs", or the refusal.
 */
export function checkRequest(
  request: Request,
  { token, port }: GuardOptions,
): string | Response {
  const host = request.headers.get("host") ?? "";
  const hosts = ["127.0.0.1", "localhost"].map((name) => `${name}:${port}`);
  if (!hosts.includes(host)) return refuse(403, "This address is not the studio's");
  const origin = request.headers.get("origin");
  const isRead = request.method === "GET" || request.method === "HEAD";
  // A browser sends it with each request that may change something.
  if (origin === null ? !isRead : origin !== `http://${host}`) {
    return refuse(403, "The request comes from another site");
  }
  const site = request.headers.get("sec-fetch-site");
  const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
  if (site !== null && site !== "same-origin" && site !== "none" && !isNavigation) {
    return refuse(403, "The request comes from another site");
  }
  const { pathname } = new URL(request.url);
  const [, typed = "", ...rest] = pathname.split("/");
  if (!isSame(typed, token)) {
    return refuse(404, "There is no studio at this address; it prints its address when it starts");
  }
  if (rest.length === 0) return redirect(`/${token}/`);
  return `/${rest.join("/")}`;
}

/** Compares in a time that does not tell how many letters agree. */
function isSame(typed: string, token: string): boolean {
  let difference = typed.length ^ token.length;
  for (let i = 0; i < token.length; i++) {
    difference |= token.charCodeAt(i) ^ (typed.charCodeAt(i) || 0);
  }
  return difference === 0;
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { ...SAFE_HEADERS, location } });
}

function refuse(status: number, message: string): Response {
  return withSafeHeaders(new Response(`${message}\n`, { status }));
}

/** Adds the headers of all answers to one. */
export function withSafeHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}

/** Draws a token of 128 random bits, in hexadecimal digits. */
export function drawToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
