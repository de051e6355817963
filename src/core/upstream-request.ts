// A request as it goes to a backend: a value that is complete, so that a connector only serialises it.
import type { RequestBody } from "./edges.ts";
import type { BackendTimes } from "./route-settings.ts";

/** A flat list of fields that many requests share, with its HTTP/1.1 text made once. */
export interface FieldBlock {
  readonly list: readonly string[];
  /** `Name: value` lines, each with its CRLF. */
  readonly text: string;
}

/** What the attempts of a request on one target have in common. */
export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** `Host` or `:authority`; null: that of the endpoint. */
  readonly authority: string | null;
  /**
   * End-to-end fields, flat: those of the client or of its translation, as filters have edited them. Without `Host`, framing,
   * hop-by-hop fields, and whatever the gateway asserts itself.
   */
  readonly fields: readonly string[];
  /** Identifies the client (`X-Forwarded-*`, `Forwarded`). */
  readonly forwarded: FieldBlock;
  readonly kind: "http" | "grpc" | "websocket";
  /** The client takes trailers (`TE: trailers`). */
  readonly acceptsTrailers: boolean;
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean;
  /** No other request may ever use its connection: its credentials authenticate the connection (NTLM, Negotiate). */
  readonly exclusive: boolean;
  /** Waits for the backend; null: those of the pool. */
  readonly times: BackendTimes | null;
  /** Longest wait for a connection over HTTP/1.1, ms; 0: that of {@link times}. */
  readonly dialTimeoutMs: number;
}

/** One attempt. */
export interface UpstreamRequest {
  readonly head: RequestHead;
  /** Further fields of this attempt, asserted by the gateway: flat, valid in any version of HTTP. */
  readonly own: readonly string[];
  readonly body: RequestBody;
  /** Must not use a connection that has served before. */
  readonly fresh: boolean;
}
