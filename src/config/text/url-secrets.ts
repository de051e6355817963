// What URLs hold besides an address: names with passwords, and queries, in which there may be keys. Neither is shown.

/** A URL in a text, up to the next blank or quote. */
const URL_IN_TEXT = /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'`<>]+/gi;
const MASK = "***";

/** A text with the passwords and the values of queries in its URLs masked. */
export function withoutUrlSecrets(text: string): string {
  return text.includes("://") ? text.replaceAll(URL_IN_TEXT, masked) : text;
}

/** A path, or a URL, with the values of its query masked. */
export function withoutQueryValues(target: string): string {
  const at = target.indexOf("?");
  if (at === -1) return target;
  const pairs = target.slice(at + 1).split("&");
  return `${target.slice(0, at)}?${pairs.map(withoutValue).join("&")}`;
}

/** @param pair `name=value`, or a value alone */
function withoutValue(pair: string): string {
  const equals = pair.indexOf("=") + 1;
  return equals === pair.length ? pair : pair.slice(0, equals) + MASK;
}

function masked(url: string): string {
  const start = url.indexOf("://") + 3;
  const end = url.lastIndexOf("@");
  return withoutQueryValues(end < start ? url : url.slice(0, start) + MASK + url.slice(end));
}
