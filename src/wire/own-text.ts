// Text that is kept longer than a request: a piece cut out of a header keeps all of the header in memory.

/** The same text in memory of its own. */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}
