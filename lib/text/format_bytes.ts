const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** Formats a number of bytes with two significant digits or more: 5135149760 is "5.1 GB". */
export function formatBytes(byteLength: number): string {
  let value = byteLength;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${text} ${UNITS[unit]}`;
}

/** Returns bytes as megabytes of 2^20 bytes, rounded up, as memory is counted. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
