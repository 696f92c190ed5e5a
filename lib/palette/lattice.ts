import { Palette } from "./palette.ts";

/** Minimum and maximum number of steps per channel. */
export const LATTICE_STEPS = { min: 2, max: 10 } as const;

/**
 * Computes the palette "n_n_n_lattice": n even steps per channel, blue fastest.
 *
 * Step i is i · floor(255 / (n - 1)), so the last color is white only if n - 1 divides 255.
 *
 * Source: SD-piXL's palette files of the same names.
 *
 * @param steps Steps per channel, integer in [2, 10].
 * @returns A palette of steps³ colors.
 */
export function latticePalette(steps: number): Palette {
  const { min, max } = LATTICE_STEPS;
  if (!Number.isInteger(steps) || steps < min || steps > max) {
    throw new RangeError(
      `Cannot compute lattice: expected ${min} to ${max} steps per channel, got ${steps}`,
    );
  }
  const distance = Math.floor(255 / (steps - 1));
  const colors = new Uint8Array(steps ** 3 * 3);
  for (let i = 0; i < steps ** 3; i++) {
    const digits = [Math.floor(i / steps ** 2), Math.floor(i / steps) % steps, i % steps];
    for (let c = 0; c < 3; c++) colors[i * 3 + c] = digits[c]! * distance;
  }
  return new Palette(latticeName(steps), colors);
}

/** Returns the name of a lattice, such as "4_4_4_lattice". */
export function latticeName(steps: number): string {
  return `${steps}_${steps}_${steps}_lattice`;
}
