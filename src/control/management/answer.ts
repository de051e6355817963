// Answers of the management API.

/** A complete answer, or one that goes on. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer | EventFeed;
}

/** Events for an operator as they happen, for as long as the operator listens. */
export interface EventFeed {
  /** Called when the feed is opened. @returns called once when its reader has disconnected */
  open(reader: EventReader): () => void;
}

/** Takes the events of a feed. */
export interface EventReader {
  /** @param name one line @param data anything that is JSON */
  event(name: string, data: unknown): void;
  /** Nothing more will come. */
  end(): void;
}

/** Thrown to refuse a call; its message is sent as `{"error": message}`. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly status: number;
  /** Fields of the answer. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/** A value as JSON. */
export function json(value: unknown, status = 200): Answer {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}

/** Plain text. */
export function text(body: string, status = 200): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

/** Events as they happen. */
export function events(feed: EventFeed): Answer {
  return { status: 200, contentType: "text/event-stream", body: feed };
}
