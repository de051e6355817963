// The pool as a connection uses it.
import type { Network } from "../../wire/dial.ts";
import type { PoolTarget } from "../http/pool-contract.ts";
import type { Http2ClientOptions } from "./options.ts";

/** A pool of connections `S`. */
export interface SessionPool<S> {
  readonly target: PoolTarget;
  readonly options: Http2ClientOptions;
  readonly network: Network;
  /** Between two pings, times what is configured. */
  readonly pingFactor: number;
  /** Whether a connection may be replaced by another before its last stream is over. */
  readonly mayReplace: boolean;
  /** Monotonic, ms. */
  now(): number;
  /** Streams may have come free. */
  serve(): void;
  /** A connection takes no new streams. */
  left(session: S): void;
  /** A connection has closed. */
  remove(session: S): void;
  /** The backend says that it is pinged too often. */
  calmDown(): void;
}
