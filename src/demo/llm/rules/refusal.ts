// Why a mock provider refuses a request; each API says it in its own shape.

/** What all APIs can say. */
export type RefusalKind =
  | "invalid"
  | "authentication"
  | "billing"
  | "permission"
  | "notFound"
  | "tooLarge"
  | "rateLimit"
  | "quota"
  | "overflow"
  | "policy"
  | "server"
  | "unavailable"
  | "overloaded";

/** Thrown where a request is refused. */
export class Refusal extends Error {
  readonly kind: RefusalKind;
  /** Dotted place in the request; null: none. */
  readonly param: string | null;
  readonly code: string | null;
  /** s until the provider can be asked again; -1: it does not say. */
  readonly retryAfter: number;

  constructor(
    kind: RefusalKind,
    message: string,
    param: string | null = null,
    code: string | null = null,
    retryAfter = -1,
  ) {
    super(message);
    this.kind = kind;
    this.param = param;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** A refusal as one API writes it. */
export interface WrittenRefusal {
  readonly status: number;
  readonly body: unknown;
  readonly fields: Readonly<Record<string, string>>;
}
