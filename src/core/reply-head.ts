// The head of a reply before it is sent, and where its body goes: what filters of replies work on.

/** Changed in place by filters. */
export interface ReplyHead {
  /** `gateway`: an error, a refusal of a filter, an answer of the gateway's own. */
  readonly made: "backend" | "gateway";
  status: number;
  /** Reason phrase of HTTP/1.1; "" the usual one. */
  readonly reason: string;
  /** Flat list, without `Content-Length` where the length is known. */
  readonly fields: string[];
  /** Bytes of body; -1 unknown. */
  readonly length: number;
}

/** Where a body is written. */
export interface ReplyWriter {
  /**
   * Writes a piece of the body.
   * @param release null: the bytes are valid only during the call. Otherwise they are handed over and `release` is called
   *   once they have left
   * @returns false when the client is slower: no more until `resume` is called on the upstream of the request
   */
  write(chunk: Buffer, release: (() => void) | null): boolean;
  /** Ends the reply. @param last final piece of the body, valid only during the call */
  end(last: Buffer | null, trailers: readonly string[]): void;
  /** Sends what has been delayed: a head waiting for its body, or data buffered by a filter. */
  flush(): void;
}

/**
 * Returns a writer that passes its data on to `next`, changed. The reply then has no known length. What it still holds
 * when a request is aborted is released by `ctx.onDone`.
 */
export type BodyFilter = (next: ReplyWriter) => ReplyWriter;
