// One attempt of a request on one endpoint: releases its permit, and reports its outcome once.
import type { AttemptEnd, AttemptOutcome } from "../core/attempt-end.ts";
import type { RequestContext } from "../core/context.ts";
import type { Receiver, SendFailure, UpgradedSocket, Upstream } from "../core/edges.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { UpstreamRequest } from "../core/upstream-request.ts";
import { statusOfCall } from "../wire/grpc.ts";
import { hadTime, ofAnswer, ofFailure, ranOut, statusText, type Verdict } from "./attempt-verdict.ts";
import { giveBack, type Permit, reportBad, reportGood } from "./permit.ts";

/** Largest body of an unwanted answer that is read to its end, so that its connection can serve again, bytes. */
const MAX_DRAINED_BYTES = 64 * 1024;

const NO_TRAILERS: readonly string[] = [];

/** Receives the response of its attempts, in the order of {@link Receiver}. */
export interface AttemptHandler {
  interim(status: number, fields: readonly string[]): void;
  begun(attempt: Attempt, release: (() => void) | null): void;
  head(attempt: Attempt, status: number, reason: string, fields: string[], length: number): void;
  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean;
  end(trailers: readonly string[]): void;
  flush(): void;
  switched(attempt: Attempt, fields: string[], wire: UpgradedSocket): void;
  failed(attempt: Attempt, failure: SendFailure): void;
}

/** An attempt from its sending to its end. */
export class Attempt implements Receiver {
  readonly endpoint: Endpoint;
  readonly #permit: Permit;
  readonly #handler: AttemptHandler;
  readonly #ctx: RequestContext;
  readonly #sentAt = performance.now();
  /** Among those of the request, from 1. */
  #number = 0;
  #upstream: Upstream | null = null;
  /** From send to response head; -1 before. */
  #headMs = -1;
  /** Of the response; 0 before. */
  #status = 0;
  /** gRPC status of the response; -1 none seen. */
  #call = -1;
  #judged = false;
  #told = false;
  #good = false;
  #over = false;
  /** It has begun a stream, so no further attempt is made. */
  isOpen = false;
  /** Bytes that may still be read of an answer that is dropped; -1: the answer goes to the client. */
  #drains = -1;

  constructor(handler: AttemptHandler, ctx: RequestContext, permit: Permit) {
    this.#handler = handler;
    this.#ctx = ctx;
    this.#permit = permit;
    this.endpoint = permit.endpoint;
    this.endpoint.state.active++;
  }

  /** The attempt counts from here. @returns fields of the trace to send with it */
  begin(): readonly string[] | undefined {
    const ctx = this.#ctx;
    const { service } = this.#permit;
    ctx.endpoint = this.endpoint;
    this.#number = ++ctx.attempts;
    ctx.debug?.("Attempt begins", { service: service.name, instance: this.endpoint.spec.id });
    return ctx.trace?.attempt(this.#number, service.name, this.endpoint);
  }

  /** Sends the request; may fail before it returns. */
  send(request: UpstreamRequest): void {
    const { connector } = this.endpoint;
    const translated = this.#ctx.translation?.attempt(request.body, this);
    const upstream =
      translated === undefined
        ? connector.send(request, this)
        : connector.send({ ...request, body: translated.body }, translated.receiver);
    if (this.#over) upstream.abort();
    else this.#upstream = upstream;
  }

  resume(): void {
    this.#upstream?.resume();
  }

  /** Gives it up without a word about the endpoint. Harmless when it is over. */
  abandon(): void {
    if (this.#over) return;
    this.#leave();
    this.#drop();
    this.#tell("abandoned", "");
  }

  /**
   * Cancels it because no time is left. The endpoint is blamed only if it had enough: a client that asks for an answer
   * within a millisecond, and an attempt that began in the last moment, say nothing about it.
   * @param fairMs time that is enough in any case, ms
   * @param detail what has run out, for the log
   * @returns the same, or that it was not the endpoint that took the time
   */
  timeOut(fairMs: number, detail: string): string {
    if (this.#over) return detail;
    const waited = this.#upstream?.waiting === true;
    const reason = waited ? "timeout while all connections to the instance were in use" : detail;
    const code = this.#upstream?.connecting === true ? "connect_failed" : "upstream_timeout";
    if (!waited) this.endpoint.meter?.failed(code);
    const fair = !waited && hadTime(this.endpoint, this.#sentAt, fairMs);
    this.#leave();
    if (fair) this.#judge("overloaded", code, reason);
    else this.#drop();
    this.#tell(code, reason);
    return reason;
  }

  /** Drops its answer: a small one is read to the end in the background, so that the connection can be kept. */
  discard(length: number, requestComplete: boolean): void {
    if (length > MAX_DRAINED_BYTES || !requestComplete) return this.abandon();
    this.#drains = MAX_DRAINED_BYTES;
    this.#tell("answered", "");
  }

  /** The connection has switched protocols: giving the attempt up gives that up. */
  carry(joined: Upstream): void {
    this.#upstream = joined;
  }

  /** A stream has begun: the attempt counts as a success now, because the duration of a stream is irrelevant. */
  opened(): void {
    this.isOpen = true;
    if (this.#headMs < 0) this.#headMs = performance.now() - this.#sentAt;
    this.#judge("good", "answered", "");
  }

  /** Records on the request what the access log contains about the attempt that answered. */
  note(status: number): void {
    const ctx = this.#ctx;
    ctx.endpoint = this.endpoint;
    ctx.upstreamMs = this.#headMs;
    ctx.upstreamStatus = status;
  }

  interim(status: number, fields: readonly string[]): void {
    if (!this.#over) this.#handler.interim(status, fields);
  }

  begun(release: (() => void) | null): void {
    if (!this.#over && this.#drains < 0) this.#handler.begun(this, release);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return;
    const call = this.#ctx.route!.grpc ? statusOfCall(fields) : -1;
    this.#answered(status, call);
    const verdict = this.#verdict(status, call);
    if (verdict !== "good") this.#judge(verdict, "answered", statusText(status, call));
    this.#handler.head(this, status, reason, fields, length);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) return true;
    if (this.#drains >= 0) return this.#drain(chunk, release, last);
    if (last) this.#finish(NO_TRAILERS);
    return this.#handler.data(chunk, release, last);
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#finish(trailers);
    if (this.#drains < 0) this.#handler.end(trailers);
  }

  enough(): void {
    if (this.#over) return;
    const upstream = this.#upstream;
    this.#finish(NO_TRAILERS);
    upstream?.abort();
    this.#handler.end(NO_TRAILERS);
  }

  flush(): void {
    if (!this.#over && this.#drains < 0) this.#handler.flush();
  }

  switched(fields: string[], wire: UpgradedSocket): void {
    if (this.#over) return wire.destroy();
    this.#upstream = null; // the exchange is over, what follows is the wire's
    this.#answered(101, -1);
    this.#handler.switched(this, fields, wire);
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    const unwanted = this.#drains >= 0;
    if (failure.progress !== "unable") this.endpoint.meter?.failed(failure.code);
    const { code, detail, status } = failure;
    if (status !== undefined) this.#answered(status, -1);
    this.#leave(); // aborts too: it may be the translation that failed
    this.#judge(status === undefined ? ofFailure(code) : this.#verdict(status, -1), code, detail);
    this.#tell(code, detail);
    if (!unwanted) this.#handler.failed(this, failure);
  }

  #answered(status: number, call: number): void {
    const now = performance.now();
    this.#status = status;
    this.#call = call;
    if (this.#headMs < 0) this.#headMs = now - this.#sentAt; // a delayed head arrived earlier
    this.endpoint.meter?.answered(this.#ctx.method, status, this.#headMs / 1000);
    // It took what the client allowed: taken for the usual time, it would pass for too little the next time.
    if (!ranOut(this.#ctx, call)) this.endpoint.state.observe(this.#headMs, now);
  }

  #drain(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    this.#drains -= chunk.length;
    release?.();
    if (last) this.#finish(NO_TRAILERS);
    else if (this.#drains < 0) {
      this.#drains = 0;
      this.abandon();
    }
    return true;
  }

  /** The answer is complete. The status of a call is in its trailers, or was recorded by the translator. */
  #finish(trailers: readonly string[]): void {
    const { route, translation, grpcStatus } = this.#ctx;
    const call = translation !== null ? grpcStatus : route!.grpc ? statusOfCall(trailers) : -1;
    this.#upstream = null;
    this.#leave();
    this.#call = call;
    const verdict = call === -1 ? "good" : this.#verdict(0, call);
    const detail = verdict === "good" ? "" : statusText(0, call);
    this.#judge(verdict, "answered", detail);
    this.#tell("answered", detail);
  }

  /** @param call gRPC status; -1: what counts is the other one */
  #verdict(status: number, call: number): Verdict {
    if (ranOut(this.#ctx, call) && !hadTime(this.endpoint, this.#sentAt, Number.POSITIVE_INFINITY)) return "nothing";
    return ofAnswer(this.#permit.service, status, call);
  }

  #leave(): void {
    this.#over = true;
    this.endpoint.state.left();
    const upstream = this.#upstream;
    this.#upstream = null;
    upstream?.abort();
  }

  /** Once: circuits, limit, endpoint and balancer learn how it went. */
  #judge(verdict: Verdict, outcome: AttemptOutcome, detail: string): void {
    if (verdict === "nothing") return this.#drop();
    if (this.#judged) {
      // A stream that began well and was lost: its tickets are spent, the endpoint still bears the blame.
      if (verdict !== "good" && this.#over && this.#good) this.endpoint.state.failed(outcome, detail);
      return;
    }
    this.#judged = true;
    this.#good = verdict === "good";
    if (this.#good) reportGood(this.#permit, this.#ctx, this.#headMs);
    else reportBad(this.#permit, this.#ctx, this.#headMs, verdict === "overloaded", outcome, detail);
  }

  #drop(): void {
    if (this.#judged) return;
    this.#judged = true;
    giveBack(this.#permit);
  }

  /** Once: the request and its trace learn how it ended. Of a single attempt that did well the request keeps nothing. */
  #tell(outcome: AttemptOutcome, detail: string): void {
    if (this.#told) return;
    const ctx = this.#ctx;
    const { service, endpoint } = this.#permit;
    ctx.debug?.("Attempt ends", { instance: endpoint.spec.id, outcome, status: this.#status, detail });
    const plain = outcome === "answered" && this.#good && ctx.attempts === 1 && this.#drains < 0;
    if (plain && ctx.trace === null) return;
    this.#told = true;
    const end: AttemptEnd = {
      number: this.#number,
      service: service.name,
      instance: endpoint.spec.id,
      outcome,
      status: this.#status,
      grpcStatus: this.#call,
      detail,
      startedAt: this.#sentAt,
      ms: this.#headMs < 0 ? performance.now() - this.#sentAt : this.#headMs,
    };
    if (!plain) ctx.ended(end);
    ctx.trace?.ended(end);
  }
}
