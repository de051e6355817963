// Errors between the gateway and an authority.

/** Longest text of an authority that is kept. */
const MAX_DETAIL = 500;

/** What an authority said, or that it said nothing. */
export interface AcmeFault {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  /** Last part of the problem's type (RFC 8555 §6.7), such as `rateLimited`; "" when there is none. */
  readonly type: string;
  /** From `Retry-After`; 0 when there is none. */
  readonly retryAfterMs: number;
}

/** The message is for the operator. */
export class AcmeError extends Error {
  readonly status: number;
  readonly type: string;
  readonly retryAfterMs: number;

  constructor(message: string, { status, type, retryAfterMs }: AcmeFault) {
    super(message);
    this.status = status;
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same may succeed in a moment: no answer, overload, or a fault of the authority. */
  get passes(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.type === "badNonce";
  }
}

/** The authority could not be asked. */
export function unreachable(url: string, reason: string): AcmeError {
  return new AcmeError(`${new URL(url).origin} cannot be reached: ${reason}`, { status: 0, type: "", retryAfterMs: 0 });
}

/** An answer that is no success. @param data a problem document (RFC 9457), or anything else */
export function problem(url: string, status: number, data: unknown, retryAfterMs: number): AcmeError {
  const { type, detail } = fieldsOf(data);
  const said = detail === "" ? "" : `: ${detail}`;
  const kind = type === "" ? "" : ` ${type}`;
  return new AcmeError(`${new URL(url).origin} answered ${status}${kind}${said}`, { status, type, retryAfterMs });
}

/** The authority is not convinced. @param data the `error` of a challenge or of an order */
export function refused(what: string, data: unknown): AcmeError {
  const { type, detail } = fieldsOf(data);
  const said = [type, detail].filter((part) => part !== "").join(": ") || "no reason given";
  return new AcmeError(`${what}: ${said}`, { status: 403, type, retryAfterMs: 0 });
}

function fieldsOf(data: unknown): { readonly type: string; readonly detail: string } {
  const { type, detail } = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const text = typeof type === "string" ? type.slice(type.lastIndexOf(":") + 1) : "";
  return { type: clean(text).slice(0, 50), detail: typeof detail === "string" ? clean(detail) : "" };
}

/** One line without control characters, not longer than is kept. */
export function clean(text: string): string {
  return text.slice(0, MAX_DETAIL).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
