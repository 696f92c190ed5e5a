import process from "node:process";

let users = 0;
let before: PropertyDescriptor | undefined;

/**
 * Replaces `process.env` by an empty environment, for a synchronous call.
 *
 * yaml 2.9.1 reads two debug switches from the environment in each call of its parser. That would
 * need a permission. Its build without them is not exported.
 *
 * @returns The patch. With several, the last one that is disposed of restores `process.env`.
 */
export function emptyEnvironment(): Disposable {
  if (users++ === 0) {
    before = Object.getOwnPropertyDescriptor(process, "env")!;
    Object.defineProperty(process, "env", { value: {}, configurable: true, writable: true });
  }
  const patches = new DisposableStack();
  patches.defer(() => {
    if (--users === 0) Object.defineProperty(process, "env", before!);
  });
  return patches;
}
