import { ConfigError } from "../../../config/config_source.ts";

/**
 * Reads a count.
 *
 * @throws {ConfigError} If it is not an integer from 1 to `max`.
 */
export function parseCount(typed: string | number, flag: string, max: number): number {
  const count = Number(typed);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new ConfigError(flag, "", `expected an integer in [1, ${max}], got "${typed}"`);
}

/**
 * Reads a size: "32,48" (height first, as SD-piXL), "32x48", or "32" for a square.
 *
 * @returns Height and width.
 * @throws {ConfigError} If it is not one of them.
 */
export function parseSize(text: string, flag: string): [number, number] {
  const [, height, width = height] = /^\s*(\d+)\s*(?:[,x×]\s*(\d+)\s*)?$/i.exec(text) ?? [];
  if (height === undefined) {
    throw new ConfigError(flag, "", `expected height,width such as 32,48, got "${text}"`);
  }
  return [Number(height), Number(width)];
}

/** Draws a seed of 32 bits, which is short enough to type again. */
export function drawSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

/** Port of the studio if none is typed. */
const DEFAULT_PORT = 7860;

/**
 * Reads the port of the studio.
 *
 * @throws {ConfigError} If it is no integer from 1024 to 65535: lower ones need other rights.
 */
export function parsePort(typed: string | undefined): number {
  if (typed === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(typed) ? Number(typed) : NaN;
  if (port >= 1024 && port <= 65535) return port;
  throw new ConfigError("--port", "", `expected an integer in [1024, 65535], got "${typed}"`);
}
