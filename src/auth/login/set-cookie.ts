// Set-Cookie lines (RFC 6265 §4.1) for cookies of this host that are HttpOnly and SameSite=Lax.

/** Longest line that all browsers accept, bytes. */
export const MAX_LINE_BYTES = 4096;

/** Sets and deletes cookies with the same attributes. */
export class CookieJar {
  readonly #attributes: string;

  /** @param secure whether browsers use HTTPS; names with the prefix `__Host-` require it */
  constructor(secure: boolean) {
    this.#attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  }

  /** A line that sets a cookie. @param seconds its maximum age */
  set(name: string, value: string, seconds: number): string {
    return `${name}=${value}; Max-Age=${Math.max(1, Math.ceil(seconds))}${this.#attributes}`;
  }

  /** A line that deletes a cookie. */
  clear(name: string): string {
    return `${name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT${this.#attributes}`;
  }
}
