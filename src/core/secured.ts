// The TLS connection of a request.
import type { ErrorCode } from "./errors.ts";
import type { Identity } from "./identity.ts";

/** The TLS connection of a client, as its requests see it. */
export interface Secured {
  /** Identity from the verified client certificate; null: the client sent none, or it was not verified. */
  readonly identity: Identity | null;
  /** The certificate of the client and what it sent after it, DER; empty if it sent none. */
  readonly chain: readonly Buffer[];
  /** Header fields that forward the certificate to backends (RFC 9440), names and values in turn; may be empty. */
  readonly certificateFields: readonly string[];
  /**
   * The error for a request to `host` on this connection, or null: the client certificate has no usable name, or the host
   * demands client authentication other than that of the handshake. @param host lower-case, without port
   */
  refusal(host: string): ErrorCode | null;
}
