// What a stream is to the watch of credentials: something that ends with the one it was opened with.

/** Protocols that have streams. */
export type StreamKind = "websocket" | "sse" | "grpc";

/** The reason sent to clients, in every protocol. */
export const AUTHENTICATION_EXPIRED = "authentication expired";

/** The current state of a credential that was accepted for a request; null: unknown. */
export type Standing =
  /** Good. ms since 1970; 0 without end. */
  | { readonly expiresAt: number }
  /** Good no longer. For the log; names nothing secret. */
  | { readonly why: string }
  | null;

/** A stream that ends with its credential. */
export interface BoundStream {
  /** Ends it in the way of its protocol.
   * @param why for the log
   * @returns false if it continues for now, or ends for another reason: it is called again about a second later
   */
  expired(why: string): boolean;
}

/** Why a stream was ended. */
export type StreamEnd = "expired" | "revoked";
