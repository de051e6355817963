// What node:http2 needs of us and does not say: its flat field lists, and how a closed stream is let go.
import type { Http2Stream } from "node:http2";

/** Flat name, value list as received, documented from Node 24 on. @param rest arguments behind headers and flags */
export function rawFields(rest: readonly unknown[]): readonly string[] {
  return Array.isArray(rest[0]) ? (rest[0] as string[]) : [];
}

/**
 * To be called when a stream has closed. Its native half keeps it alive until the next full collection, and its listeners
 * keep everything the call was made of: without this each call grows old before it is freed, for an eighth of its CPU time.
 */
export function letGo(stream: Http2Stream): void {
  stream.removeAllListeners("removeListener"); // or the others are removed one by one, each with an event
  stream.removeAllListeners();
}
