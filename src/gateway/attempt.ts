// One try of a request on one endpoint: gives back what it took, and says once how it ended to all that learn from it.
import type { AttemptOutcome } from "../core/attempt-end.ts";
import type { RequestContext } from "../core/context.ts";
import type { Receiver, RequestBody, SendFailure, UpgradedSocket, Upstream } from "../core/edges.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import { grpcTimeout, httpStatusOf, statusOfCall } from "../wire/grpc.ts";
import { giveBack, type Permit, reportBad, reportGood } from "./permit.ts";
import { EARLY_MS } from "./request-clock.ts";

/** Largest body of an unwanted answer that is read to its end, so that its connection can serve again, bytes. */
const MAX_DRAINED_BYTES = 64 * 1024;

/** A try that got this many times the usual latency, or this long while none is known, ms, had time enough. */
const USUAL_TIMES = 2;
const UNKNOWN_FAIR_MS = 1000;

/** gRPC status of a call whose deadline has passed. */
const DEADLINE_EXCEEDED = 4;

const NO_TRAILERS: readonly string[] = [];

/** Failures the endpoint is to blame for; with any other the attempt says nothing about it. */
const BLAMED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "connect_failed",
  "upstream_reset",
  "upstream_tls_failed",
  "upstream_protocol",
  "upstream_timeout",
]);

/** What an attempt says of its endpoint; one that is overloaded failed, too. */
type Verdict = "good" | "bad" | "overloaded" | "nothing";

/** Hears the response of its attempts, in the order of {@link Receiver}. */
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
  readonly #owner: AttemptHandler;
  readonly #ctx: RequestContext;
  readonly #sentAt = performance.now();
  #upstream: Upstream | null = null;
  /** From send to response head; -1 before. */
  #headMs = -1;
  /** Of the response; 0 before. */
  #status = 0;
  #judged = false;
  #told = false;
  #good = false;
  #over = false;
  /** It has begun a stream: what follows is no reason to try again. */
  isOpen = false;
  /** Bytes that may still come of an answer nobody wants; -1: it is wanted. */
  #drains = -1;

  constructor(owner: AttemptHandler, ctx: RequestContext, permit: Permit) {
    this.#owner = owner;
    this.#ctx = ctx;
    this.#permit = permit;
    this.endpoint = permit.endpoint;
    this.endpoint.state.active++;
  }

  /** Sends the request; may fail before it returns. */
  send(body: RequestBody): void {
    const ctx = this.#ctx;
    ctx.endpoint = this.endpoint;
    ctx.attempts++;
    ctx.debug?.("Attempt begins", { service: this.#permit.service.name, instance: this.endpoint.spec.id });
    const translated = ctx.translation?.attempt(body, this);
    const upstream = this.endpoint.connector.send(ctx, translated?.body ?? body, translated?.receiver ?? this);
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
   * Gives it up because no more time is left. The endpoint is to blame when it had enough: a client that asks for an
   * answer within a millisecond, and a try that began in the last moment, say nothing about it.
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
    const fair = !waited && this.#hadTime(fairMs);
    this.#leave();
    if (fair) this.#judge("overloaded", code, reason);
    else this.#drop();
    this.#tell(code, reason);
    return reason;
  }

  /** Its answer is not wanted: a small one is read to the end in the background, so that the connection can be kept. */
  discard(length: number, requestComplete: boolean): void {
    if (length > MAX_DRAINED_BYTES || !requestComplete) return this.abandon();
    this.#drains = MAX_DRAINED_BYTES;
    this.#tell("answered", "");
  }

  /** The connection has switched protocols: giving the attempt up gives that up. */
  carry(joined: Upstream): void {
    this.#upstream = joined;
  }

  /** A stream has begun: whether the endpoint did well is known by now, and its length says nothing. */
  opened(): void {
    this.isOpen = true;
    if (this.#headMs < 0) this.#headMs = performance.now() - this.#sentAt;
    this.#judge("good", "answered", "");
  }

  /** Notes on the request what the access log says about the attempt that answered. */
  note(status: number): void {
    const ctx = this.#ctx;
    ctx.endpoint = this.endpoint;
    ctx.upstreamMs = this.#headMs;
    ctx.upstreamStatus = status;
  }

  interim(status: number, fields: readonly string[]): void {
    if (!this.#over) this.#owner.interim(status, fields);
  }

  begun(release: (() => void) | null): void {
    if (!this.#over && this.#drains < 0) this.#owner.begun(this, release);
  }

  head(status: number, reason: string, fields: string[], length: number): void {
    if (this.#over) return;
    const call = this.#ctx.route!.grpc ? statusOfCall(fields) : -1;
    this.#answered(status, call);
    const verdict = this.#verdictOf(status, call);
    if (verdict !== "good") this.#judge(verdict, "answered", statusText(status, call));
    this.#owner.head(this, status, reason, fields, length);
  }

  data(chunk: Buffer, release: (() => void) | null, last: boolean): boolean {
    if (this.#over) return true;
    if (this.#drains >= 0) return this.#drain(chunk, release, last);
    if (last) this.#finish(NO_TRAILERS);
    return this.#owner.data(chunk, release, last);
  }

  end(trailers: readonly string[]): void {
    if (this.#over) return;
    this.#finish(trailers);
    if (this.#drains < 0) this.#owner.end(trailers);
  }

  flush(): void {
    if (!this.#over && this.#drains < 0) this.#owner.flush();
  }

  switched(fields: string[], wire: UpgradedSocket): void {
    if (this.#over) return wire.destroy();
    this.#upstream = null; // the exchange is over, what follows is the wire's
    this.#answered(101, -1);
    this.#owner.switched(this, fields, wire);
  }

  failed(failure: SendFailure): void {
    if (this.#over) return;
    const unwanted = this.#drains >= 0;
    if (failure.progress !== "unable") this.endpoint.meter?.failed(failure.code);
    this.#leave(); // aborts too: it may be the translation that failed
    const { code, detail } = failure;
    if (BLAMED.has(code)) this.#judge(code === "upstream_timeout" ? "overloaded" : "bad", code, detail);
    else this.#drop();
    this.#tell(code, detail);
    if (!unwanted) this.#owner.failed(this, failure);
  }

  #answered(status: number, call: number): void {
    const now = performance.now();
    this.#status = status;
    if (this.#headMs < 0) this.#headMs = now - this.#sentAt; // a head that was held back came earlier
    this.endpoint.meter?.answered(this.#ctx.method, status, this.#headMs / 1000);
    // It took what the client allowed: taken for the usual time, it would pass for too little the next time.
    if (!this.#ranOut(call)) this.endpoint.state.observe(this.#headMs, now);
  }

  /** Whether the backend says that the time has run out which the client gave it. */
  #ranOut(call: number): boolean {
    return call === DEADLINE_EXCEEDED && grpcTimeout(this.#ctx.fields) > 0;
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

  /** The answer is complete. A call that failed says so at its end; where that was put into the answer, its translator noted it. */
  #finish(trailers: readonly string[]): void {
    const { route, translation, grpcStatus } = this.#ctx;
    const call = translation !== null ? grpcStatus : route!.grpc ? statusOfCall(trailers) : -1;
    this.#upstream = null;
    this.#leave();
    const verdict = call === -1 ? "good" : this.#verdictOf(0, call);
    const detail = verdict === "good" ? "" : statusText(0, call);
    this.#judge(verdict, "answered", detail);
    this.#tell("answered", detail);
  }

  /** @param call gRPC status; -1: what counts is the other one */
  #verdictOf(status: number, call: number): Verdict {
    if (this.#ranOut(call) && !this.#hadTime(Number.POSITIVE_INFINITY)) return "nothing";
    const code = call === -1 ? status : httpStatusOf(call);
    if (!this.#permit.service.isFailure(code)) return "good";
    return code === 503 || code === 504 ? "overloaded" : "bad";
  }

  /** Whether the endpoint has had time enough to answer by now. @param fairMs enough in any case, ms */
  #hadTime(fairMs: number): boolean {
    const { latencyMs } = this.endpoint.state;
    const usual = latencyMs < 0 ? UNKNOWN_FAIR_MS : USUAL_TIMES * latencyMs;
    return performance.now() - this.#sentAt + EARLY_MS >= Math.min(fairMs, usual);
  }

  #leave(): void {
    this.#over = true;
    this.endpoint.state.active--;
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

  /** Once: the request learns how it ended. Of a single attempt that did well there is nothing to tell. */
  #tell(outcome: AttemptOutcome, detail: string): void {
    const ctx = this.#ctx;
    if (!this.#told)
      ctx.debug?.("Attempt ends", { instance: this.endpoint.spec.id, outcome, status: this.#status, detail });
    const plain = outcome === "answered" && this.#good && ctx.attempts === 1 && this.#drains < 0;
    if (this.#told || plain) return;
    this.#told = true;
    const ms = this.#headMs < 0 ? performance.now() - this.#sentAt : this.#headMs;
    const { service, endpoint } = this.#permit;
    ctx.ended({ service: service.name, instance: endpoint.spec.id, outcome, status: this.#status, detail, ms });
  }
}

/** What an answer said of itself, for the log. @param call gRPC status; -1 none */
function statusText(status: number, call: number): string {
  return call === -1 ? `status ${status}` : `grpc-status ${call}`;
}
