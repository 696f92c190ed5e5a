/** Size of a JSON body in bytes: an order is short. */
const MAX_JSON = 2 ** 20;

/**
 * Reads the body of a request, up to a maximum size.
 *
 * @throws {RangeError} If it is larger.
 */
export async function readBytes(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new RangeError(`Cannot take the file: expected at most ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

/**
 * Reads a JSON object.
 *
 * @throws {TypeError} If it is none.
 */
export async function readJson(request: Request): Promise<object> {
  const text = new TextDecoder().decode(await readBytes(request, MAX_JSON));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError("Cannot read the request: it is not JSON", { cause });
  }
  if (typeof value === "object" && value !== null) return value;
  throw new TypeError("Cannot read the request: expected an object");
}

/** Answers with JSON. */
export function reply(value: unknown): Response {
  return Response.json(value);
}
