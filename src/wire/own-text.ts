// Text that is kept longer than a request: a piece cut out of a header keeps all of the header in memory.

/** The same text in memory of its own. What UTF-8 cannot say, such as half a surrogate pair out of JSON, stays as it is. */
export function ownText(text: string): string {
  const own = Buffer.from(text).toString();
  return own === text ? own : text;
}
