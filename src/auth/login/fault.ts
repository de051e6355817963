// The error of a failed login or refresh.

/**
 * `refused`: the provider refused. `wrong`: its answer or the configuration is not valid. `down`: it cannot be reached.
 */
export type FaultKind = "refused" | "wrong" | "down";

/** A failed login or refresh. The message may be logged: it contains no text of provider or client. */
export class LoginFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, why: string) {
    super(why);
    this.kind = kind;
  }
}
