// Settings of the HTTP adapter.
import type { TlsOptions } from "node:tls";
import type { ClientTimeouts } from "./downstream.ts";

/** Settings of one HTTP front, compiled from `frontend.http`. Times in ms, sizes in bytes, 0 = none. */
export interface HttpServerOptions extends ClientTimeouts {
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
  readonly maxConnections: number;
  /** null: plain HTTP. */
  readonly tls: TlsOptions | null;
  /** A client that shows no certificate is not served. */
  readonly requireCertificate: boolean;
}
