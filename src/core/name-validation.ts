// What an authority is told that checks whether a name is ours, before it issues a certificate (RFC 8555 §8).

/** Answers for this gateway and for those that share its store. Neither function rejects. */
export interface NameValidation {
  /** The body at `/.well-known/acme-challenge/TOKEN`; null: it is no token of ours. */
  httpAnswer(token: string): Promise<string | null>;
  /** Certificate and key, PEM, for a handshake that offers `acme-tls/1` alone (RFC 8737); null: none is pending. */
  alpnCertificate(name: string): Promise<{ readonly cert: string; readonly key: string } | null>;
}
