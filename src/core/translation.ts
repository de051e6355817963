// One request in the protocol of its backend.
import type { Receiver, RequestBody } from "./edges.ts";
import type { ErrorCode } from "./errors.ts";

/** One request in the backend's protocol. */
export interface Translation {
  readonly method: string;
  /** Path and query sent to the backend. */
  readonly target: string;
  /** Flat list of fields sent to the backend, in place of the client's; what the gateway asserts itself is added to it. */
  readonly fields: readonly string[];
  /** Longest wait for a connection, ms, if it is shorter than usual. */
  readonly dialTimeoutMs?: number;
  /**
   * Whether nothing about the client is told to the backend (`X-Forwarded-*`, `Via`, what filters add), so that
   * {@link fields} are sent as they are: without those of the client that filters or its `Connection` take away. Absent: it is.
   */
  readonly anonymous?: boolean;
  /** Whether the answer may be a stream, which has no total deadline. */
  readonly streams: boolean;
  /** Wraps body and receiver for one attempt: the connector is given the results. */
  attempt(body: RequestBody, receiver: Receiver): { readonly body: RequestBody; readonly receiver: Receiver };
  /**
   * Where the body of a reply says how its call ended: the last piece of one that has begun, with these trailers; null
   * when none can be put in now. Absent: a reply of this protocol can only be cut.
   */
  ending?(trailers: readonly string[]): Buffer | null;
  /** How an event stream that cannot be completed tells its client. */
  readonly events?: EventForm;
}

/** Event streams that a translation writes. */
export interface EventForm {
  /** The head of the reply is sent if none has come by then, so that keep-alives can follow, ms after the request; 0 never. */
  readonly earlyMs: number;
  /** Fields of that head, flat. */
  earlyFields(): string[];
  /**
   * Content type of streams of unknown length that are treated as event streams, which they are not: each of their parts
   * ends with a blank line, too. Absent: there are none.
   */
  readonly type?: string | undefined;
  /** Sent between events while there is nothing else to send. */
  readonly keepAlive: Buffer;
  /** Nothing was sent but keep-alives: another target can continue the reply. */
  readonly isEmpty: boolean;
  /** The last events of a reply that has begun and cannot be completed. */
  error(code: ErrorCode, message: string): Buffer;
}
