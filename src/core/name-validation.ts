// Answers to the challenges by which an ACME authority checks that the gateway controls a name (RFC 8555 §8).

/** Answers challenges of this gateway and of those that share its store. Neither function rejects. */
export interface NameValidation {
  /** The body for `/.well-known/acme-challenge/TOKEN` (HTTP-01); null: the token is unknown. */
  httpAnswer(token: string): Promise<string | null>;
  /** Certificate and key, PEM, for a TLS-ALPN-01 handshake (RFC 8737); null: no challenge for the name is pending. */
  alpnCertificate(name: string): Promise<{ readonly cert: string; readonly key: string } | null>;
}
