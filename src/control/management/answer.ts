// What a call of the management API is answered with.

/** A complete answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
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
