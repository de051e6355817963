// "did you mean": the known word nearest to a mistyped one, or a synonym of it.
import { SYNONYMS } from "../cures/synonyms.ts";

/** Number of known words listed at most when none is similar. */
const MAX_LISTED = 16;

/** The nearest of `known`: the same letters in another style, else what it means elsewhere, else within a third of its length in edits. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const words = [...known];
  const folded = fold(word);
  const same = words.find((candidate) => fold(candidate) === folded);
  if (same !== undefined) return same;
  const meant = SYNONYMS.get(folded)?.find((candidate) => words.includes(candidate));
  if (meant !== undefined) return meant;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    const longer = Math.max(word.length, candidate.length);
    if (d < bestDistance && d < longer && d <= Math.max(1, Math.floor(longer / 3))) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** Hint to append to a message: `; did you mean "x"?` or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const best = nearest(word, known);
  return best === null ? "" : `; did you mean "${best}"?`;
}

/** As {@link didYouMean}, but lists the known words when none is similar. @param what names them in the plural */
export function didYouMeanOf(word: string, known: Iterable<string>, what: string): string {
  const words = [...known];
  return didYouMean(word, words) || `; ${what}: ${words.length === 0 ? "none" : listed(words)}`;
}

/** The first words of a list, and how many more there are. */
export function listed(words: readonly string[]): string {
  const more = words.length > MAX_LISTED ? `, and ${words.length - MAX_LISTED} more` : "";
  return `${words.slice(0, MAX_LISTED).join(", ")}${more}`;
}

/** A word without case and the separators that styles differ in: `strip_prefix`, `strip-prefix` and `stripPrefix` are one. */
export function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[_\-. ]/g, "");
}

/** Damerau–Levenshtein distance (optimal string alignment): a swap of neighbours is one edit. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}
