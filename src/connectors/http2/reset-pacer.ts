// Limits the rate of stream resets on one connection to a backend, because servers treat too many as an attack.
import { type ClientHttp2Stream, constants } from "node:http2";
import { resetStream } from "../../wire/http2-raw.ts";

/** Resets that may be sent at once, and how many come back a second: together under 200 in 30 s, the default of Netty. */
const BURST = 110;
const PER_SECOND = 3;
/** With this little of the burst left, another connection should take the place of this one. */
const LOW = 10;
/** Resets in the life of a connection after which it should: Envoy looks at the first 500 streams. */
const MOST = 400;

/** Sends the resets of one connection, as fast as its backend should bear. */
export class ResetPacer {
  #left = BURST;
  #sent = 0;
  /** Streams to be reset, oldest first; bounded by the streams of the connection. */
  readonly #waiting = new Set<ClientHttp2Stream>();

  /** Whether the connection has brought so many that another one should take its place. */
  get many(): boolean {
    return this.#left <= LOW || this.#sent >= MOST;
  }

  /** Resets the stream now or later; until then what it still brings is read into nothing. */
  reset(stream: ClientHttp2Stream): void {
    if (stream.closed || stream.destroyed || this.#waiting.has(stream)) return;
    if (this.#left > 0) return this.#send(stream);
    this.#waiting.add(stream);
    stream.once("close", () => this.#waiting.delete(stream));
    stream.resume();
  }

  /** Called once a second. */
  tick(): void {
    this.#left = Math.min(BURST, this.#left + PER_SECOND);
    for (const stream of this.#waiting) {
      if (this.#left === 0) return;
      this.#waiting.delete(stream);
      this.#send(stream);
    }
  }

  /** With CANCEL, which alone Node holds back while nghttp2 reads: any other reset frees the stream nghttp2 is at. */
  #send(stream: ClientHttp2Stream): void {
    this.#left--;
    this.#sent++;
    resetStream(stream, constants.NGHTTP2_CANCEL);
  }
}
