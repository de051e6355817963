// Durations and sizes as people write them.

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)/;
const TO_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE = /^(\d+(?:\.\d+)?)\s*(b|k|kb|kib|m|mb|mib|g|gb|gib)?$/i;
const TO_BYTES: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Longest duration a timer can hold, ms (2³¹ − 1, about 24.8 days). */
export const MAX_DURATION_MS = 2 ** 31 - 1;

/**
 * Milliseconds of a duration: a number counts seconds, text is `250ms`, `30s`, `1m30s`, `2h`.
 * @param max longest that is taken, ms
 * @returns null when it is not one, is negative, or longer
 */
export function durationMs(value: string | number, max = MAX_DURATION_MS): number | null {
  const seconds = typeof value === "number" ? value : /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  const ms = seconds === null ? sumUnits(String(value)) : seconds * 1000;
  // 517.479 s is not quite 517479 ms in binary; a thousandth of a millisecond is beyond any timer.
  return ms === null || !(ms >= 0 && ms <= max) ? null : Math.round(ms * 1000) / 1000;
}

function sumUnits(text: string): number | null {
  let rest = text.trim();
  if (rest === "") return null;
  let ms = 0;
  while (rest !== "") {
    const match = DURATION.exec(rest);
    if (match === null) return null;
    ms += Number(match[1]) * TO_MS[match[2]!]!;
    rest = rest.slice(match[0].length);
  }
  return ms;
}

/**
 * Bytes of a size: a number counts bytes, text is `512kb`, `1mb`, `1MiB` with powers of 1024.
 * @returns null when it is not one
 */
export function sizeBytes(value: string | number): number | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = SIZE.exec(value.trim());
  if (match === null) return null;
  const unit = (match[2] ?? "b").toLowerCase().charAt(0);
  return Math.floor(Number(match[1]) * TO_BYTES[unit]!);
}

/** Shortest text of a duration: `1500` → `1.5s`, `90000` → `90s`, `250` → `250ms`. */
export function showDuration(ms: number): string {
  return ms < 1000 && ms > 0 ? `${ms}ms` : `${ms / 1000}s`;
}

/** Shortest exact text of a size: `10485760` → `10mb`, `100` → `100`. */
export function showSize(bytes: number): string {
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}mb`;
  return bytes > 0 && bytes % 1024 === 0 ? `${bytes / 1024}kb` : String(bytes);
}
