// Server-sent events (WHATWG HTML §9.2) to operators: one feed a peer, kept alive, and bounded in what waits for its reader.
import type { ServerResponse } from "node:http";
import type { Clock } from "../../core/clock.ts";
import type { EventFeed, EventReader } from "./answer.ts";

/** Between two heartbeats, ms: well below the silence after which connections of the API are closed. */
const HEARTBEAT_MS = 10_000;
/** What may wait for a reader, bytes. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Feeds at once, so that connections are left for calls. */
const MAX_FEEDS = 16;

/** The feeds of one server. */
export class OpenFeeds {
  readonly #clock: Clock;
  readonly #open = new Map<string, Connection>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Feeds open now. */
  get size(): number {
    return this.#open.size;
  }

  /** Why the peer gets no feed now; null: it may have one. */
  refusal(peer: string): string | null {
    if (this.#open.has(peer)) return "This address has a feed already";
    return this.#open.size < MAX_FEEDS ? null : "Too many feeds are open";
  }

  /**
   * Sends the feed until either side ends it. @param response its head is written; has no effect if its client has
   * disconnected
   */
  send(feed: EventFeed, peer: string, response: ServerResponse): void {
    if (response.destroyed) return;
    const connection = new Connection(feed, response, this.#clock, () => this.#open.delete(peer));
    this.#open.set(peer, connection);
    connection.begin();
  }

  /** Ends all of them; readers come back where they still find somebody. */
  end(): void {
    for (const connection of this.#open.values()) connection.end();
  }
}

/** One reader at the other end of a connection. */
class Connection implements EventReader {
  readonly #feed: EventFeed;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  #stopClock: () => void = () => undefined;
  /** Whether the last heartbeat has left. */
  #beaten = true;

  constructor(feed: EventFeed, response: ServerResponse, clock: Clock, closed: () => void) {
    this.#feed = feed;
    this.#response = response;
    this.#clock = clock;
    response.on("close", closed);
  }

  begin(): void {
    this.#beat(); // the head leaves with the first bytes
    const release = this.#feed.open(this);
    this.#response.on("close", () => {
      this.#stopClock();
      release();
    });
  }

  event(name: string, data: unknown): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  #beat(): void {
    // It is queued behind events that the client does not read.
    if (!this.#beaten) return void this.#response.destroy();
    this.#beaten = false;
    this.#write(":\n\n", () => {
      this.#beaten = true;
    });
    this.#stopClock = this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  #write(text: string, left?: () => void): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(text, left);
    if (this.#response.writableLength > MAX_WAITING_BYTES) this.#response.destroy();
  }
}
