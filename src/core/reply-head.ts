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
  /** Sends what has been waiting for more: a head for its body, or what a filter holds back. */
  flush(): void;
}

/**
 * Puts itself before `next`: what is written to the writer it returns comes out there, changed. The reply then has no known
 * length. What it holds at the end of a request that breaks off is released by `ctx.onDone`.
 */
export type BodyFilter = (next: ReplyWriter) => ReplyWriter;
