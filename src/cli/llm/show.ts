// Numbers as people read them.

/** Such as `400k` or `1M`; rounded. */
export function showTokens(count: number): string {
  if (count < 1000) return String(count);
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${Math.round(count / 100_000) / 10}M`;
}
