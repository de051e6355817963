// Who may use the management API: credentials compared in constant time.
import { createHash, timingSafeEqual } from "node:crypto";
import type { FailedCredentials } from "../../auth/failures.ts";

/** The credentials that are accepted. */
export interface Credentials {
  readonly token: string | null;
  /** `name:password`. */
  readonly users: readonly string[];
}

/** Access control for the operations of one listener. */
export interface Gatekeeper {
  readonly check: CredentialCheck;
  /** Credentials that were wrong, by address. */
  readonly failures: FailedCredentials;
}

/** Checks the credential of one call. */
export class CredentialCheck {
  readonly #token: Buffer | null;
  readonly #users: readonly { readonly name: string; readonly digest: Buffer }[];

  constructor(credentials: Credentials) {
    this.#token = credentials.token === null ? null : digest(credentials.token);
    this.#users = credentials.users.map((login) => ({
      name: login.slice(0, login.indexOf(":")),
      digest: digest(login),
    }));
  }

  /** `WWW-Authenticate` of a refusal. */
  get challenge(): string {
    return this.#users.length > 0 ? 'Basic realm="Management API"' : 'Bearer realm="Management API"';
  }

  /** Sentence of a refusal. */
  get refusal(): string {
    return this.#users.length > 0 ? "Invalid credentials" : "Invalid token";
  }

  /**
   * @param authorization value of the field: `Basic …`, `Bearer T` or a bare token
   * @param query `?token=`
   * @returns the name of the caller, for the log; null when the credential is not accepted
   */
  identify(authorization: string | undefined, query: string | null): string | null {
    const [, scheme, rest] = /^(?:(basic|bearer) +)?(.*)$/is.exec(authorization ?? "")!;
    if (scheme?.toLowerCase() === "basic") return this.#userOf(Buffer.from(rest!, "base64"));
    const shown = authorization === undefined ? query : rest!;
    const matches = shown !== null && this.#token !== null && timingSafeEqual(digest(shown), this.#token);
    return matches ? "token" : null;
  }

  #userOf(login: Buffer): string | null {
    const shown = digest(login);
    // All are compared, so that the time says nothing about which names exist.
    let name: string | null = null;
    for (const user of this.#users) if (timingSafeEqual(user.digest, shown)) name = user.name;
    return name;
  }
}

/** A digest of fixed length, so that the time of a comparison does not depend on the length of what is compared. */
function digest(text: string | Buffer): Buffer {
  return createHash("sha256").update(text).digest();
}
