// Fields whose text has a grammar of its own: hosts, paths of URLs, names of header fields.
import { consistsOf, TOKEN } from "../../wire/grammar.ts";
import type { Field } from "./field.ts";
import { hostMeant, readHost } from "./hosts.ts";
import { scalar } from "./scalars.ts";

/** Host name or IP address, read in its one spelling: `[::1]` and `0:0::1` are `::1`. Empty only where a default is. */
export function host(doc: string, fallback?: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: "a host name or IP address",
    meant: hostMeant,
    convert: (_, text) => (text === "" && fallback !== undefined ? "" : readHost(text)),
  });
}

/** Path of the gateway's own, such as `/metrics`. Empty only where that is the default. */
export function urlPath(doc: string, fallback: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: 'a path that begins with "/"',
    meant: (text) =>
      /^[\w.-][\w./-]*$/.test(text) ? `; did you mean "/${text}"?` : "; it holds no blank and no query",
    convert: (_, text) => (/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(text) || text === fallback ? text : null),
  });
}

/** Name of a header field (RFC 9110 §5.1). */
export function fieldName(doc: string, fallback: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: "the name of a header field",
    meant: (text) => `; did you mean "${text.replace(/:.*$/, "").replaceAll(/\s+/g, "-") || fallback}"?`,
    convert: (_, text) => (consistsOf(text, TOKEN) ? text : null),
  });
}
