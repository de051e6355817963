// Patterns with stars that match any characters, split at the stars.

/** Whether a text fits a glob as it is written; without a star it is the whole text. */
export function matchesGlob(text: string, glob: string): boolean {
  return glob.includes("*") ? fitsGlob(text, glob.split("*")) : text === glob;
}

/** Whether a text fits a glob's literal parts, of which there are two or more. Linear: each part is searched once, left to right. */
export function fitsGlob(text: string, parts: readonly string[]): boolean {
  const first = parts[0]!;
  const last = parts[parts.length - 1]!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let pos = first.length;
  const end = text.length - last.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const at = text.indexOf(parts[i]!, pos);
    if (at === -1 || at + parts[i]!.length > end) return false;
    pos = at + parts[i]!.length;
  }
  return pos <= end;
}
