// Settings of the upstream HTTP/2 client, compiled from `backend.grpc`.
import type { UpstreamTls } from "../../wire/secure.ts";

/** Options of one pool. Times in ms, sizes in bytes, 0 = off. */
export interface Http2ClientOptions {
  /** Connections per endpoint over which calls are spread. */
  readonly poolSize: number;
  /** Connections per endpoint at most: more than `poolSize` are opened while all streams are in use. */
  readonly maxPoolSize: number;
  /** Requests under way on one connection; the backend's own limit holds too. */
  readonly maxStreams: number;
  readonly streamWindow: number;
  readonly connectionWindow: number;
  readonly dialTimeoutMs: number;
  readonly tlsTimeoutMs: number;
  /** Wait for the response head once the request is sent. */
  readonly headTimeoutMs: number;
  /** PING after this long without a byte while requests are under way. */
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
  /** A connection without requests is closed after this long. */
  readonly idleTimeoutMs: number;
  readonly tls: UpstreamTls;
}
