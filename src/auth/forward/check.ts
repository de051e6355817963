// One check request and its answer, with limits on time and size. It is retried once if a reused connection was closed.
import type { Connector } from "../../core/connector.ts";
import type { Receiver, SendFailure, Upstream } from "../../core/edges.ts";
import { NULL_UPSTREAM } from "../../core/null-upstream.ts";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { Gathered } from "../../wire/gathered.ts";

/** A complete answer of the service. */
export interface CheckAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/** A check without a usable answer. */
export interface CheckFailure {
  /** The reason, for the log. Contains no text of the service. */
  readonly why: string;
}

/** Limits of one check. */
export interface CheckLimits {
  /** For the whole exchange, including the connection, ms. */
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

/** A check under way. */
export class Check implements Receiver {
  readonly #connector: Connector;
  readonly #request: UpstreamRequest;
  readonly #limits: CheckLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #body = new Gathered();
  /** null: the check has ended. */
  #settle: ((outcome: CheckAnswer | CheckFailure) => void) | null;
  #upstream: Upstream = NULL_UPSTREAM;
  #status = 0;
  #fields: readonly string[] = [];
  #attempts = 0;

  /** Sends the request at once. @param settle called exactly once */
  constructor(
    connector: Connector,
    request: UpstreamRequest,
    limits: CheckLimits,
    settle: (outcome: CheckAnswer | CheckFailure) => void,
  ) {
    this.#connector = connector;
    this.#request = request;
    this.#limits = limits;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.abort(`no answer within ${limits.timeoutMs} ms`), limits.timeoutMs);
    this.#send(false);
  }

  /** Fails the check and closes its connection. Has no effect after its end. */
  abort(why: string): void {
    const upstream = this.#upstream;
    this.#end({ why });
    upstream.abort();
  }

  interim(): void {}

  head(status: number, _reason: string, fields: string[], length: number): void {
    this.#status = status;
    this.#fields = fields;
    if (length > this.#limits.maxBodyBytes) this.#tooLarge();
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#settle !== null) this.#body.add(chunk);
    release?.();
    if (this.#body.length > this.#limits.maxBodyBytes) this.#tooLarge();
    else if (last) this.end();
    return true;
  }

  end(): void {
    this.#end({ status: this.#status, fields: this.#fields, body: this.#body.take() });
  }

  flush(): void {}

  failed({ progress, detail }: SendFailure): void {
    const unread = progress === "reset_on_reuse" || progress === "refused";
    if (unread && this.#attempts === 1 && this.#settle !== null) return this.#send(true);
    this.#end({ why: detail });
  }

  #send(fresh: boolean): void {
    const attempt = ++this.#attempts;
    const upstream = this.#connector.send({ ...this.#request, fresh }, this);
    // It may have failed and been retried before `send` returned.
    if (this.#settle !== null && attempt === this.#attempts) this.#upstream = upstream;
  }

  #tooLarge(): void {
    this.abort(`the answer has more than ${this.#limits.maxBodyBytes} bytes`);
  }

  #end(outcome: CheckAnswer | CheckFailure): void {
    const settle = this.#settle;
    clearTimeout(this.#timer);
    this.#settle = null;
    this.#upstream = NULL_UPSTREAM;
    this.#body.clear();
    settle?.(outcome);
  }
}
