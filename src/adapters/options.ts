// Settings of the HTTP adapters, for both versions.
import type { ServerTls } from "../tls/server-tls.ts";

/** Timeouts of the client side, ms; 0 = none. */
export interface ClientTimeouts {
  /** Longest silence between body chunks. */
  readonly readMs: number;
  /** Longest stall of a client that does not read. */
  readonly writeMs: number;
  /** Idle keep-alive connection; also told to the client. */
  readonly idleMs: number;
}

/** Load balancers whose connections begin with a PROXY header. */
export interface ProxyProtocolOptions {
  /** CIDR ranges, and `unix` for peers on UNIX sockets. */
  readonly trustedPeers: readonly string[];
  /** Longest wait for the complete header, ms. */
  readonly timeoutMs: number;
}

/** Settings of one HTTP front, compiled from its listener. Times in ms, sizes in bytes, 0 = none. */
export interface HttpServerOptions extends ClientTimeouts {
  /** Name of the listener. */
  readonly listener: string;
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly proxyProtocol: ProxyProtocolOptions;
  /** null: plain HTTP. */
  readonly tls: ServerTls | null;
  /** null: HTTP/1.1 only. */
  readonly http2: Http2Options | null;
  /** Serves HTTP/1.1 requests; else those that are no handshake are told to upgrade. */
  readonly http1: boolean;
  /** Serves WebSocket handshakes. */
  readonly upgrades: boolean;
}

/** Settings of HTTP/2 on one front. */
export interface Http2Options {
  /** No HTTP/1 at all: a port of its own for gRPC. */
  readonly only: boolean;
  /** Requests under way at once on one connection. */
  readonly maxStreams: number;
  /** GOAWAY after this age, ms, give or take a tenth; 0 never. */
  readonly maxAgeMs: number;
}
