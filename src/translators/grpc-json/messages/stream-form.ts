// The HTTP formats of a stream of messages: one line each (NDJSON), one JSON array, or server-sent events.

/** How messages and a late error are written. Texts are JSON without line breaks. */
export interface StreamForm {
  readonly contentType: string;
  /** @param index of the message, from 0 */
  message(json: string, index: number): string;
  /** An error after `index` messages: the last piece. @param status `google.rpc.Status` as JSON */
  error(status: string, index: number): string;
  /** What ends the stream after `count` messages. */
  end(count: number): string;
}

/** One message a line (https://github.com/ndjson/ndjson-spec); an error is `{"error":…}` on the last one. */
const NDJSON: StreamForm = {
  contentType: "application/x-ndjson",
  message: (json) => `${json}\n`,
  error: (status) => `{"error":${status}}\n`,
  end: () => "",
};

/** One array; an error is `{"error":…}` as its last element. */
const ARRAY: StreamForm = {
  contentType: "application/json",
  message: (json, index) => (index === 0 ? `[${json}` : `,${json}`),
  error: (status, index) => `${index === 0 ? "[" : ","}{"error":${status}}]`,
  end: (count) => (count === 0 ? "[]" : "]"),
};

/** Server-sent events (HTML, "Server-sent events"): one `data` a message; an error is an event of type `error`. */
export const EVENTS: StreamForm = {
  contentType: "text/event-stream",
  message: (json) => `data: ${json}\n\n`,
  error: (status) => `event: error\ndata: ${status}\n\n`,
  end: () => "",
};

const FORMS: ReadonlyMap<string, StreamForm> = new Map([
  ["application/x-ndjson", NDJSON],
  ["application/ndjson", NDJSON],
  ["application/json", ARRAY],
  ["text/event-stream", EVENTS],
]);

/** The form `Accept` prefers among those it names (RFC 9110 §12.5.1); NDJSON when it names none. */
export function streamForm(accept: string | undefined): StreamForm {
  let best: StreamForm = NDJSON;
  let weight = 0;
  for (const range of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = range.split(";");
    const form = FORMS.get(type.trim().toLowerCase());
    if (form === undefined) continue;
    const q = parameters.map((p) => /^\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(p)?.[1]).find((p) => p !== undefined);
    const own = q === undefined ? 1 : Number(q);
    if (own > weight) {
      best = form;
      weight = own;
    }
  }
  return best;
}
