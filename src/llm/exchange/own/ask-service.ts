// Requests of the gateway itself to a provider, apart from those of clients: its answer is read whole, within bounds.
import type { RequestContext } from "../../../core/context.ts";
import type { Receiver, SendFailure, Upstream } from "../../../core/edges.ts";
import type { Endpoint } from "../../../core/endpoint.ts";
import type { Service } from "../../../core/service.ts";
import type { UpstreamRequest } from "../../../core/upstream-request.ts";
import { Gathered } from "../../../wire/gathered.ts";
import { WholeBody } from "../../../wire/whole-body.ts";
import { DecodedReply } from "../../bytes/decoded-reply.ts";

/** A request that is ready to be sent. */
export interface OwnRequest {
  readonly method: "GET" | "POST";
  /** Path and query at the provider. */
  readonly target: string;
  /** With the credential, flat. */
  readonly fields: readonly string[];
  readonly body: WholeBody;
}

/** A whole answer, whatever its status. */
export interface OwnAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/** Bounds of one request. */
export interface OwnBounds {
  /** Until the last byte of the answer. */
  readonly timeoutMs: number;
  /** Of the answer, decoded. */
  readonly maxBytes: number;
}

/** No body. */
export const EMPTY_BODY: WholeBody = new WholeBody(Buffer.alloc(0));

/**
 * Sends a request to a service and reads the answer.
 * @param ctx by which an endpoint is picked; it is not kept
 * @throws Error (rejects) saying why there is no answer, without any text of the provider
 */
export async function askService(
  service: Service,
  ctx: RequestContext,
  request: OwnRequest,
  bounds: OwnBounds,
): Promise<OwnAnswer> {
  const endpoint = service.picker.pick(ctx, []);
  if (endpoint === null) throw new Error("the provider is taken out of service, or failed too often");
  const endsAt = performance.now() + bounds.timeoutMs;
  try {
    return await attempt(endpoint, request, false, bounds);
  } catch (error) {
    if (!(error instanceof Failure) || !error.isStale) throw error;
    // The connection was closed while it was idle.
    return await attempt(endpoint, request, true, { ...bounds, timeoutMs: Math.max(1, endsAt - performance.now()) });
  }
}

class Failure extends Error {
  /** Whether the request is as good as never sent, for a reason that a new connection does not have. */
  readonly isStale: boolean;

  constructor({ progress, detail, code }: SendFailure) {
    super(progress === "unsent" ? `cannot be reached: ${detail || code}` : detail || code);
    this.isStale = progress === "reset_on_reuse" || progress === "refused";
  }
}

function attempt(
  { connector }: Endpoint,
  request: OwnRequest,
  fresh: boolean,
  { timeoutMs, maxBytes }: OwnBounds,
): Promise<OwnAnswer> {
  return new Promise((resolve, reject) => {
    let upstream: Upstream | null = null;
    const whole = new WholeAnswer(maxBytes, (result) => {
      clearTimeout(timer);
      if (!(result instanceof Error)) return resolve(result);
      reject(result);
      upstream?.abort();
    });
    const timer = setTimeout(() => whole.give(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    upstream = connector.send(upstreamRequest(request, fresh), new DecodedReply(whole, maxBytes));
  });
}

function upstreamRequest({ method, target, fields, body }: OwnRequest, fresh: boolean): UpstreamRequest {
  return {
    head: {
      method,
      target,
      authority: null,
      fields,
      forwarded: { list: [], text: "" },
      kind: "http",
      acceptsTrailers: false,
      expectsContinue: false,
      exclusive: false,
      times: null,
      dialTimeoutMs: 0,
    },
    own: [],
    body,
    fresh,
  };
}

/** Collects an answer. */
class WholeAnswer implements Receiver {
  readonly #maxBytes: number;
  readonly #done: (result: OwnAnswer | Error) => void;
  readonly #body = new Gathered();
  #status = 0;
  #fields: readonly string[] = [];
  #over = false;

  constructor(maxBytes: number, done: (result: OwnAnswer | Error) => void) {
    this.#maxBytes = maxBytes;
    this.#done = done;
  }

  interim(): void {}

  head(status: number, _reason: string, fields: string[], length: number): void {
    this.#status = status;
    this.#fields = fields;
    if (length > this.#maxBytes) this.#tooLarge();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (!this.#over && this.#body.length + chunk.length > this.#maxBytes) this.#tooLarge();
    if (!this.#over) this.#body.add(chunk);
    release?.();
    if (last) this.end();
    return true;
  }

  end(): void {
    this.give({ status: this.#status, fields: this.#fields, body: this.#body.take() });
  }

  flush(): void {}

  failed(failure: SendFailure): void {
    this.give(new Failure(failure));
  }

  /** Ends the collection, once. */
  give(result: OwnAnswer | Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(result);
  }

  #tooLarge(): void {
    this.give(new Error(`the answer is larger than ${this.#maxBytes} bytes`));
  }
}
