// Settings of the upstream HTTP/1.1 client, compiled from `backend.http`.
import type { UpstreamTls } from "../../wire/secure.ts";

/** Options of one pool. All times in ms, 0 = off where said. */
export interface HttpClientOptions {
  readonly maxIdlePerHost: number;
  /** Open connections per endpoint; 0 no limit. */
  readonly maxPerHost: number;
  /** 0 never. */
  readonly idleTimeoutMs: number;
  /** TCP keep-alive probes; 0 off. */
  readonly probeMs: number;
  readonly dialTimeoutMs: number;
  readonly tlsTimeoutMs: number;
  /** Wait for the response head once the request is sent; 0 off. */
  readonly headTimeoutMs: number;
  readonly continueTimeoutMs: number;
  readonly tls: UpstreamTls;
}
