// TLS handshakes with clients, as whoever counts and logs them is told.

/** Why a handshake came to nothing. */
export type HandshakeFault =
  /** The client spoke HTTP without TLS. */
  | "plain_http"
  /** What it sent is no TLS. */
  | "not_tls"
  | "no_shared_version"
  | "no_shared_cipher"
  /** It offered by ALPN only what this listener does not speak. */
  | "no_shared_protocol"
  | "client_certificate_missing"
  | "client_certificate_refused"
  /** The client broke it off: most often it does not trust the certificate of the gateway. */
  | "refused_by_client"
  | "timeout"
  /** The client left without a word, as checks of a port do. */
  | "closed"
  | "other";

/** Told of the handshakes of one listener. */
export interface HandshakeWatch {
  /** @param detail for the log @param client its address */
  failed(fault: HandshakeFault, detail: string, client: string): void;
  /** The facts are made only where somebody wants them. */
  succeeded(facts: () => Readonly<Record<string, unknown>>): void;
}

/** Where nobody counts. */
export const UNWATCHED: HandshakeWatch = { failed: () => undefined, succeeded: () => undefined };
