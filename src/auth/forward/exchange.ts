// One question and its answer: bounded in time and size, put again on another connection where a kept one was lost.
import type { Connector } from "../../core/connector.ts";
import type { Receiver, SendFailure, Upstream } from "../../core/edges.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { Gathered } from "../../wire/gathered.ts";

/** A complete answer. */
export interface ServiceAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/** Why there is none, for the log. Nothing of what the service said is in it. */
export interface NoAnswer {
  readonly why: string;
}

/** What ends the wait for an answer. */
export interface AnswerBounds {
  /** For all of it, ms. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

/** A question under way. */
export class Question implements Receiver {
  readonly #connector: Connector;
  readonly #request: UpstreamRequest;
  readonly #bounds: AnswerBounds;
  readonly #timer: NodeJS.Timeout;
  readonly #body = new Gathered();
  #settle: ((outcome: ServiceAnswer | NoAnswer) => void) | null;
  #upstream: Upstream = NULL_UPSTREAM;
  #status = 0;
  #fields: readonly string[] = [];
  #asked = 0;

  /** Asks at once. @param settle called once */
  constructor(
    connector: Connector,
    request: UpstreamRequest,
    bounds: AnswerBounds,
    settle: (outcome: ServiceAnswer | NoAnswer) => void,
  ) {
    this.#connector = connector;
    this.#request = request;
    this.#bounds = bounds;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.stop(`no answer within ${bounds.timeoutMs} ms`), bounds.timeoutMs);
    this.#ask(false);
  }

  /** Gives it up. Harmless when it is over. @param why the answer is not waited for */
  stop(why: string): void {
    const upstream = this.#upstream;
    this.#end({ why });
    upstream.abort();
  }

  interim(): void {}

  head(status: number, _reason: string, fields: string[], length: number): void {
    this.#status = status;
    this.#fields = fields;
    if (length > this.#bounds.maxBodyBytes) this.#tooLarge();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#settle !== null) this.#body.add(chunk);
    release?.();
    if (this.#body.length > this.#bounds.maxBodyBytes) this.#tooLarge();
    else if (last) this.end();
    return true;
  }

  end(): void {
    this.#end({ status: this.#status, fields: this.#fields, body: this.#body.take() });
  }

  flush(): void {}

  failed({ progress, detail }: SendFailure): void {
    const unheard = progress === "reset_on_reuse" || progress === "refused";
    if (unheard && this.#asked === 1 && this.#settle !== null) return this.#ask(true);
    this.#end({ why: detail });
  }

  #ask(fresh: boolean): void {
    const attempt = ++this.#asked;
    const upstream = this.#connector.send({ ...this.#request, fresh }, this);
    if (this.#settle !== null && attempt === this.#asked) this.#upstream = upstream;
  }

  #tooLarge(): void {
    this.stop(`the answer has more than ${this.#bounds.maxBodyBytes} bytes`);
  }

  #end(outcome: ServiceAnswer | NoAnswer): void {
    const settle = this.#settle;
    clearTimeout(this.#timer);
    this.#settle = null;
    this.#upstream = NULL_UPSTREAM;
    this.#body.clear();
    settle?.(outcome);
  }
}
