// Undocumented requirements of node:http2: its flat field lists, how to reset a stream, and how to free a closed one.
import type { ClientHttp2Session, Http2Stream, OutgoingHttpHeaders, ServerHttp2Session } from "node:http2";

/** Flat name, value list as received, documented from Node 24 on. @param rest arguments behind headers and flags */
export function rawFields(rest: readonly unknown[]): readonly string[] {
  return Array.isArray(rest[0]) ? (rest[0] as string[]) : [];
}

/** An empty object of fields for node:http2, without a prototype: "constructor" and "__proto__" may be field names. */
export function emptyHeaders(): OutgoingHttpHeaders {
  return Object.create(null) as OutgoingHttpHeaders;
}

/**
 * Resets a stream without ending it. Node's `close` alone ends the writable side first, and END_STREAM before RST_STREAM
 * makes an incomplete message look complete. Not to be called while nghttp2 reads, which every listener of a stream may be, except
 * with CANCEL: Node sends a reset at once then, and nghttp2 goes on with a stream that has been freed.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  if (!stream.writableEnded) stream.end = () => stream;
  stream.close(code);
}

/**
 * Makes `close` of a session wait until nghttp2 is not reading. Node itself calls it for a GOAWAY of the peer, and refuses a
 * stream that begins in the same read with a reset that frees it while nghttp2 still uses it: memory is corrupted.
 * @returns a function that closes the session at once; not to be called while nghttp2 reads, which every listener of a stream may be
 */
export function deferClose(session: ServerHttp2Session): () => void {
  const close = session.close;
  const now = () => {
    if (!session.destroyed) close.call(session);
  };
  session.close = () => void setImmediate(now);
  return now;
}

/**
 * Sends a PING, also in a session that was told to close, where Node's `ping` sends none.
 * @param answered called with null, or with why there is no answer
 * @returns false when too many are unanswered
 */
export function ping(
  session: ClientHttp2Session | ServerHttp2Session,
  answered: (error: Error | null) => void,
): boolean {
  if (!session.closed) return session.ping(answered);
  Object.defineProperty(session, "closed", { value: false, configurable: true });
  const sent = session.ping(answered);
  delete (session as { closed?: boolean }).closed;
  return sent;
}

/**
 * To be called when a stream has closed. Its native half keeps it alive until the next full collection, and its listeners
 * keep everything the call was made of: without this each call grows old before it is freed, for an eighth of its CPU time.
 */
export function releaseStream(stream: Http2Stream): void {
  stream.removeAllListeners("removeListener"); // or the others are removed one by one, each with an event
  stream.removeAllListeners();
}
