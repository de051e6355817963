// Reads the whole body of a request, for filters that need all of it; it can still be forwarded from its beginning.
import type { RequestContext } from "../core/context.ts";
import type { BodyReceiver, RequestBody } from "../core/edges.ts";
import type { Refusal } from "../core/reply.ts";
import { Gathered } from "./gathered.ts";

const NOTHING = Buffer.alloc(0);
const TOO_LARGE: Refusal = { code: "body_too_large" };
/** Never seen by a client: it has disconnected. */
const DISCONNECTED: Refusal = { code: "bad_request" };

/** A body that lies in memory: replays as often as it is started. */
export class WholeBody implements RequestBody {
  readonly replayable = true;
  readonly complete = true;
  #pieces: readonly Buffer[];
  readonly #size: number;
  readonly #trailers: readonly string[];

  /** @param bytes all of it, or pieces in order */
  constructor(bytes: Buffer | readonly Buffer[], trailers: readonly string[] = []) {
    this.#pieces = Buffer.isBuffer(bytes) ? [bytes] : bytes;
    this.#size = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.#trailers = trailers;
  }

  get length(): number {
    return this.#size === 0 && this.#trailers.length > 0 ? -1 : this.#size;
  }

  get bytes(): number {
    return this.#size;
  }

  /** It will not be started again: its memory is released, however long the reply takes. */
  release(): void {
    this.#pieces = [];
  }

  limit(_maxBytes: number): void {}

  start(to: BodyReceiver): void {
    for (const piece of this.#pieces) if (piece.length > 0) to.data(piece);
    to.end(this.#trailers);
  }

  resume(): void {}
}

/**
 * Reads `ctx.body` to its end and puts a {@link WholeBody} in its place, which costs later readers nothing. A client that
 * waits for `100 Continue` gets it. May be called again.
 * @param maxBytes most that is kept; the limits of the route hold besides
 * @returns the bytes, or `body_too_large`; where the client disconnects first, a refusal that goes nowhere
 */
export function readWhole(ctx: RequestContext, maxBytes: number): Promise<Buffer | Refusal> {
  const { body } = ctx;
  if (body.length > maxBytes) return Promise.resolve(TOO_LARGE);
  if (body.length === 0) return Promise.resolve(NOTHING);
  return new Promise((resolve) => {
    const gathered = new Gathered(body.length);
    let over = false;
    const settle = (result: Buffer | Refusal) => {
      over = true;
      resolve(result);
    };
    if (ctx.expectsContinue && body.bytes === 0) ctx.downstream.interim(100, []);
    ctx.onDone(() => settle(DISCONNECTED));
    body.start({
      data(chunk) {
        if (over) return true;
        if (gathered.length + chunk.length > maxBytes) settle(TOO_LARGE);
        else gathered.add(chunk, true);
        return true;
      },
      end(trailers) {
        if (over) return;
        const bytes = gathered.length === 0 ? NOTHING : gathered.take();
        ctx.body = new WholeBody(bytes, trailers);
        settle(bytes);
      },
    });
  });
}
