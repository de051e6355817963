// What is known of the TLS connection a request came on.
import type { ErrorCode } from "./errors.ts";
import type { Identity } from "./identity.ts";

/** The TLS side of a client connection. */
export interface Secured {
  /** Who the client is by its certificate; null: it has shown none, or none that was verified. */
  readonly identity: Identity | null;
  /** Fields that tell backends of it (RFC 9440), a flat list; empty: none are to be sent. */
  readonly certificateFields: readonly string[];
  /**
   * Why a request on this connection is refused, null when it is not: its certificate names nobody, or the host demands
   * other proof than was given in the handshake. @param host lower-case, without port
   */
  refusal(host: string): ErrorCode | null;
}
