// The verified certificate of a client, for routes, limits and logs.

/** Names and other fields of a verified client certificate, as plain data. */
export interface ClientCertificate {
  /**
   * Name of the client: the first URI in `subjectAltName`, else the first DNS name, else the first e-mail address, else
   * the common name, else the whole subject; the last two escaped by RFC 4514. Never empty, without control characters.
   */
  readonly subject: string;
  /** All names in `subjectAltName`, in order, such as `URI:spiffe://example.org/api`, `DNS:api.example.org`, `IP:10.0.0.1`. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate, 64 hexadecimal digits, lower-case. */
  readonly fingerprint: string;
  /** Hexadecimal digits without leading zeros, lower-case. */
  readonly serial: string;
  /** Name of the issuer in the notation of RFC 4514. */
  readonly issuer: string;
  /** When it expires, ms since 1970. */
  readonly notAfter: number;
}
