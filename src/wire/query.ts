// Query parameters where they stand, without taking the query apart.

/** First value of a query parameter, percent-decoded, `+` as blank; undefined when absent. */
export function queryValue(query: string, name: string): string | undefined {
  let from = 1;
  while (from < query.length) {
    let end = query.indexOf("&", from);
    if (end === -1) end = query.length;
    const pair = query.slice(from, end);
    const eq = pair.indexOf("=");
    if (decode(eq === -1 ? pair : pair.slice(0, eq)) === name) return eq === -1 ? "" : decode(pair.slice(eq + 1));
    from = end + 1;
  }
  return undefined;
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text; // a bad escape is its own text, as backends see it
  }
}
