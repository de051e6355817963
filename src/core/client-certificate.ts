// The verified certificate of a client, as routes, limits and logs see it.

/** Plain data: what a client is called in its certificate, after the certificate was verified. */
export interface ClientCertificate {
  /**
   * Who the client is: its first URI in `subjectAltName`, else the first DNS name, else the first e-mail address, else
   * the common name and then the whole name of its subject, both escaped as in RFC 4514. Never empty, no control characters.
   */
  readonly subject: string;
  /** All names in `subjectAltName`, in order, such as `URI:spiffe://example.org/api`, `DNS:api.example.org`, `IP:10.0.0.1`. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate, 64 hexadecimal digits, lower-case. */
  readonly fingerprint: string;
  /** Hexadecimal digits without leading zeros, lower-case. */
  readonly serial: string;
  /** Name of who signed it, as in RFC 4514. */
  readonly issuer: string;
  /** When it ends, ms since 1970. */
  readonly notAfter: number;
}
