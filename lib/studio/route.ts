/** Parts of a path that a pattern names. */
export type PathParts = Readonly<Record<string, string>>;

/** A route: method, pattern of the path behind the token, and what answers. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly pattern: URLPattern;
  /** Errors that it throws are answered with status 400 and their message. */
  handle(request: Request, parts: PathParts): Promise<Response> | Response;
}

/** Creates a route. */
export function route(
  method: Route["method"],
  pathname: string,
  handle: Route["handle"],
): Route {
  return { method, pattern: new URLPattern({ pathname }), handle };
}

/** Answers a request by the first route that fits. */
export async function answer(
  routes: readonly Route[],
  request: Request,
  path: string,
): Promise<Response> {
  const url = new URL(path, "http://studio");
  const fits = routes.filter(({ pattern }) => pattern.test(url));
  const found = fits.find(({ method }) => method === request.method);
  if (found === undefined) {
    const status = fits.length > 0 ? 405 : 404;
    return Response.json({ error: "There is nothing at this address" }, { status });
  }
  const groups = found.pattern.exec(url)!.pathname.groups;
  const parts = Object.entries(groups).map((
    [name, part],
  ) => [name, decodeURIComponent(part ?? "")]);
  return await found.handle(request, Object.fromEntries(parts));
}
