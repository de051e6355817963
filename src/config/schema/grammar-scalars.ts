// Fields whose text has its own grammar: hosts, URL paths, names of header fields.
import { consistsOf, TOKEN } from "../../wire/grammar.ts";
import { isUnixSocket, MAX_SOCKET_PATH, unixSocket } from "../../wire/unix-socket.ts";
import type { Field } from "./field.ts";
import { hostMeant, readHost } from "./hosts.ts";
import { scalar } from "./scalars.ts";

/** Host name or IP address, normalised: `[::1]` and `0:0::1` are `::1`. May be empty only if there is a default. */
export function host(doc: string, fallback?: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: "a host name or IP address",
    meant: hostMeant,
    convert: (_, text) => (text === "" && fallback !== undefined ? "" : readHost(text)),
  });
}

/** What {@link host} takes, or `unix:` and the path of a socket. */
export function endpointAddress(doc: string): Field<string> {
  return scalar(doc, undefined, {
    type: "string",
    json: { type: "string" },
    expects: "a host name, an IP address or unix:PATH",
    meant: (text) => {
      if (text.startsWith("/")) return `; write unix:${text}`;
      return isUnixSocket(text) ? `; the path of a socket has 1 to ${MAX_SOCKET_PATH} bytes` : hostMeant(text);
    },
    convert: (_, text) => unixSocket(text) ?? readHost(text),
  });
}

/** One of the gateway's own paths, such as `/metrics`. May be empty only if that is the default. */
export function urlPath(doc: string, fallback: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: 'a path that begins with "/"',
    meant: (text) =>
      /^[\w.-][\w./-]*$/.test(text) ? `; did you mean "/${text}"?` : "; it cannot contain spaces or a query",
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
