// Text of others as a field of a reply or a message may hold it.

/** The text with `?` in place of each character that is not printable ASCII. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}
