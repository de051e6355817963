// The contracts of both edges: what an adapter offers the pipeline for one client, and what a connector for one backend.
import type { ErrorCode } from "./errors.ts";
import type { ReplyWriter } from "./reply-head.ts";

/** Where the bytes of a request body go. */
export interface BodyReceiver {
  /** Takes one owned chunk. @returns false when full: no more until {@link RequestBody.resume}. */
  data(chunk: Buffer): boolean;
  /** The body is complete. @param trailers flat list, empty when there are none */
  end(trailers: readonly string[]): void;
}

/** The request body of one client, read only once it is started. */
export interface RequestBody {
  /** Bytes announced; 0 no body; -1 unknown (chunked). */
  readonly length: number;
  /** Whether the last byte was handed over (true from the start if there is no body). */
  readonly complete: boolean;
  /** Bytes handed over so far. */
  readonly bytes: number;
  /** Whether {@link start} gives all of it from the beginning again. Absent: only as long as nothing was handed over. */
  readonly replayable?: boolean;
  /** Refuses the request as soon as more than `maxBytes` arrived. Before {@link start}. */
  limit(maxBytes: number): void;
  /** Begins to read into `to`. Called again, the rest goes to the new receiver. */
  start(to: BodyReceiver): void;
  /** Reads on after a `data` that returned false. */
  resume(): void;
}

/** Receives what an {@link UpgradedSocket} reports, from {@link UpgradedSocket.open} on. */
export interface UpgradedSocketHandler {
  /** Takes one owned chunk. @returns false when no more may come until {@link UpgradedSocket.resume} */
  data(chunk: Buffer): boolean;
  /** The other side sends nothing more. */
  end(): void;
  /** Takes more after a write that returned false. */
  drained(): void;
  /** The exchange is over. Called exactly once, as the last event. */
  closed(): void;
}

/** One end of a connection that has switched protocols: bytes in both directions. */
export interface UpgradedSocket {
  /** Begins to read, with the bytes that came behind the head first. Once. */
  open(reader: UpgradedSocketHandler): void;
  /** Hands a chunk over. @returns false when full: no more until {@link UpgradedSocketHandler.drained} */
  write(chunk: Buffer): boolean;
  /** Writes up to {@link uncork} leave together. */
  cork(): void;
  uncork(): void;
  /** Reads on after a `data` that returned false. */
  resume(): void;
  /** Sends nothing more. */
  end(): void;
  destroy(): void;
}

/** How a long reply is treated. */
export interface StreamLimits {
  /** Longest stall of a client that does not read, ms; 0 none. */
  readonly stallMs: number;
  /** Bytes that may wait for a slow client before its backend is paused; 0 = the socket's own bound. */
  readonly bufferBytes: number;
}

/** The client's side of one request. Its body is written by `gateway/send-reply.ts` and what that hands it to. */
export interface Downstream extends ReplyWriter {
  readonly body: RequestBody;
  /** Passes an interim response (1xx) on where the client can take it; 100 lets a waiting client send its body. */
  interim(status: number, fields: readonly string[]): void;
  /**
   * Sets the head of the reply. Nothing leaves before the next write, end or flush.
   * @param length bytes of body; -1 unknown. `fields` then carry no `Content-Length`
   */
  head(status: number, reason: string, fields: string[], length: number): void;
  /** Sends a complete local answer; closes the connection afterwards when `close`. */
  answer(status: number, fields: readonly string[], body: string | Buffer, close: boolean): void;
  /** The reply is a stream: these limits hold instead of the usual ones. Must come before its first byte. */
  stream(limits: StreamLimits): void;
  /**
   * The backend has switched protocols: informs the client and hands over its connection; null if it has disconnected.
   */
  switch(fields: readonly string[]): UpgradedSocket | null;
  /** No further request on this connection. Must come before the head. */
  closeAfter(): void;
  /** Cuts the client off: the reply cannot be completed truthfully. */
  abort(): void;
}

/** How far a failed request had come: decides whether sending it again can do harm. */
export type Progress =
  /** No byte reached the backend. */
  | "unsent"
  /** Neither did one, nor can any endpoint be reached now: the gateway itself lacks descriptors, ports or memory. */
  | "unable"
  /** The backend has reported that it did not process the request; another connection may be used. */
  | "refused"
  /** A kept-alive connection ended before the first byte of a response: the backend closed it while idle, most likely. */
  | "reset_on_reuse"
  /** The backend may have acted on it. */
  | "sent"
  /** It has answered that it does not serve the request, and another target may. Reported by translations alone. */
  | "declined"
  /** A response had begun. */
  | "responding";

/** Why a send failed. */
export interface SendFailure {
  readonly code: ErrorCode;
  readonly progress: Progress;
  /** For the log only. */
  readonly detail: string;
  /** The fault in the client's input, worded for the client. */
  readonly message?: string;
  /** Status of the answer that the failure was read from; absent: none came. */
  readonly status?: number;
}

/** Receives the response of one send, in this order: interim*, head, data*, end; or failed at any point. */
export interface Receiver {
  interim(status: number, fields: readonly string[]): void;
  /**
   * The backend has begun a stream, but the head is not known yet, because a translator waits for the first message.
   * @param release delivers the head at once, as for a successful stream; null if there is no such head
   */
  begun?(release: (() => void) | null): void;
  /** @param length bytes of body to come; -1 unknown */
  head(status: number, reason: string, fields: string[], length: number): void;
  /**
   * A piece of the body; `release` as in {@link ReplyWriter.write}.
   * @param last the response is complete with it; no `end` follows
   * @returns false when no more may come until {@link Upstream.resume}
   */
  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean;
  end(trailers: readonly string[]): void;
  /** The response is complete for its reader, though the backend has not ended it: the exchange is given up. */
  enough?(): void;
  /** A head was delivered and nothing followed it at once: it may go out now. */
  flush(): void;
  /** The backend agreed to switch protocols (101): the exchange is over, the connection is the receiver's. */
  switched?(fields: string[], wire: UpgradedSocket): void;
  failed(failure: SendFailure): void;
}

/** One request in progress to a backend. */
export interface Upstream {
  /** True while it waits because all permitted connections to the backend are in use, and nothing has been sent. */
  readonly waiting?: boolean;
  /** True while the connection it is to go on does not stand yet. */
  readonly connecting?: boolean;
  /** Reads on after a `data` that returned false. */
  resume(): void;
  /** Gives up; nothing more is reported. Harmless when it is over already. */
  abort(): void;
}
