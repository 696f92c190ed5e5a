/** Writes a duration, such as "8 s", "2 min" or "1.5 h". */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Writes a number with three digits, such as "0.0123", "46.5" or "13,700". */
export function formatNumber(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** Writes a count, such as "10,511". */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}
