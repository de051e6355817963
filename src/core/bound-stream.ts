// What a stream is to the watch of credentials: something that ends with the one it was opened with.

/** Protocols that have streams. */
export type StreamKind = "websocket" | "sse" | "grpc";

/** What clients are told, in every protocol. */
export const AUTHENTICATION_EXPIRED = "authentication expired";

/** How a credential that let a request in stands now; null: that cannot be told. */
export type Standing =
  /** Good. ms since 1970; 0 without end. */
  | { readonly expiresAt: number }
  /** Good no longer. For the log; names nothing secret. */
  | { readonly why: string }
  | null;

/** A stream that ends with its credential. */
export interface BoundStream {
  /**
   * Ends it, as its protocol says this.
   * @param why for the log
   * @returns false when it goes on for now, or ends for another reason: it is asked again about a second later
   */
  expired(why: string): boolean;
}

/** Why a stream was ended. */
export type StreamEnd = "expired" | "revoked";
