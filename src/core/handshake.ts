// What listeners report about TLS handshakes with clients, for metrics and the log.

/** Why a handshake failed. */
export type HandshakeFault =
  /** No certificate has been issued yet. */
  | "no_certificate"
  /** The client spoke HTTP without TLS. */
  | "plain_http"
  /** The client did not send TLS. */
  | "not_tls"
  | "no_shared_version"
  | "no_shared_cipher"
  /** It offered by ALPN only what this listener does not speak. */
  | "no_shared_protocol"
  | "client_certificate_missing"
  | "client_certificate_refused"
  /** The client ended it with an alert: most often because it does not trust the certificate of the gateway. */
  | "refused_by_client"
  | "timeout"
  /** The client closed the connection without sending anything, as port checks do. */
  | "closed"
  | "other";

/** Receives the results of the handshakes of one listener. */
export interface HandshakeWatch {
  /** @param detail for the log @param client its address */
  failed(fault: HandshakeFault, detail: string, client: string): void;
  /** @param facts builds what is logged; called only at the log level that shows it */
  succeeded(facts: () => Readonly<Record<string, unknown>>): void;
}

/** Ignores everything. */
export const UNWATCHED: HandshakeWatch = { failed: () => undefined, succeeded: () => undefined };
