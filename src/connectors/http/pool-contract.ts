// The pool as a connection uses it.
import type { BufferPool } from "../../wire/buffers.ts";
import type { Network } from "../../wire/dial.ts";
import type { HttpClientOptions } from "./options.ts";

/** What all pools of a process share. */
export interface PoolShared {
  readonly network: Network;
  readonly buffers: BufferPool;
  /** Read buffer of every connection that is not in the middle of a bulk body. */
  readonly scratch: Buffer;
  readonly now: () => number;
}

/** Where a pool connects to. */
export interface PoolTarget {
  readonly address: string;
  readonly port: number;
  readonly scheme: "http" | "https";
}

/** A pool of connections `C`, which serve exchanges `E`. */
export interface ConnectionPool<C, E> {
  readonly target: PoolTarget;
  readonly options: HttpClientOptions;
  readonly shared: PoolShared;
  /** TLS session to resume. */
  session: Buffer | undefined;
  /** An exchange is over, and its connection may serve another. */
  release(connection: C): void;
  /** A connection has closed, or its socket was handed over. */
  remove(connection: C): void;
  /** Puts an exchange on another connection. */
  send(exchange: E): void;
}
