// Which instances of a service work, judged by the attempts on them: reports once when one begins to fail and when it works
// again, and keeps traffic from one that cannot be connected to, except for a request now and then that tries it.
import type { AttemptOutcome } from "../core/attempt-end.ts";
import type { Clock } from "../core/clock.ts";
import type { Reach } from "../core/endpoint-state.ts";
import { type Candidate, Members } from "./members.ts";

/** Failures to connect count when they are this close, and keep an instance out for as long, ms. */
const WINDOW_MS = 10_000;
/** Other failures in a row from which an instance counts as failing; a single one is not reported. */
const ROW = 3;
/** A failure is shown for this long after the last attempt, ms: without traffic it could not be found to be over. */
const BELIEVED_MS = 60_000;

/** What happens to the instances of a service. */
interface ReachLog {
  /** Requests to the instance fail. Called once per episode, however many fail. */
  fails(id: string, reason: AttemptOutcome, detail: string): void;
  /** @param failures since it began to fail @param ms since then */
  works(id: string, failures: number, ms: number): void;
  /** The instance gets no traffic but one request every {@link WINDOW_MS}. Called once until it works again. */
  out(id: string): void;
}

/** The instances of one service. */
export class ServiceReach {
  readonly service: string;
  /** How often an instance was taken out. */
  outs = 0;
  readonly clock: Clock;
  readonly log: ReachLog;
  /** Failures to connect that take an instance out; 0: none is taken out. */
  limit = 0;
  readonly #members = new Members((candidate) => new Member(candidate, this));

  constructor(service: string, clock: Clock, log: ReachLog) {
    this.service = service;
    this.clock = clock;
    this.log = log;
  }

  /** Sets the instances to follow from now on. @param limit see {@link ServiceReach.limit} */
  follow(candidates: readonly Candidate[], limit: number): void {
    this.limit = limit;
    this.#members.follow(candidates);
    if (limit === 0) for (const member of this.#members) member.release();
    this.settle();
  }

  /** Stops following; instances that are out come back. */
  close(): void {
    this.#members.close();
  }

  /** Whether another instance does well: the last of a service is never taken out. */
  hasOther(than: Member): boolean {
    for (const member of this.#members) if (member !== than && member.serves) return true;
    return false;
  }

  /** When all fail alike, none is worse than the others: those that are out come back. */
  settle(): void {
    for (const member of this.#members) if (member.serves) return;
    for (const member of this.#members) member.release();
  }
}

const IN = 0;
const OUT = 1;
/** State of an instance that the next request tries. */
const DUE = 2;

/** One instance. */
class Member implements Reach {
  candidate: Candidate;
  readonly #reach: ServiceReach;
  readonly #stopWatching: () => void;
  /** Failures since the last success. */
  #row = 0;
  /** Failures to connect since the last success, and when the first that counts was. */
  #unreached = 0;
  #unreachedAt = 0;
  #failedAt = 0;
  /** Start of the current episode of failures; -1: there is none. */
  #since = -1;
  #failures = 0;
  #outReported = false;
  #where = IN;
  #stopTimer: () => void = () => undefined;

  constructor(candidate: Candidate, reach: ServiceReach) {
    this.candidate = candidate;
    this.#reach = reach;
    candidate.state.reach = this;
    this.#stopWatching = candidate.state.watch(() => {
      if (this.#where === IN) reach.settle();
    });
  }

  /** Whether it takes traffic and does well. */
  get serves(): boolean {
    return this.#where === IN && this.candidate.listed && this.candidate.state.fit && !this.failing;
  }

  get failing(): boolean {
    return this.#row > 1 && this.#since >= 0 && this.#reach.clock.now() - this.#failedAt < BELIEVED_MS;
  }

  admit(): boolean {
    if (this.#where === IN) return true;
    if (this.#where === OUT) return false;
    this.#leave(); // until this trial has ended; if it never does, another request tries after a while
    return true;
  }

  succeeded(): void {
    this.#row = this.#unreached = 0;
    if (this.#since < 0) return;
    const { clock, log } = this.#reach;
    const now = clock.now();
    if (this.#where === IN && now - this.#failedAt < WINDOW_MS) return; // it fails now and then: one episode
    log.works(this.candidate.id, this.#failures, now - this.#since);
    this.#since = -1;
    this.#failures = 0;
    this.#outReported = false;
    this.release();
  }

  failed(outcome: AttemptOutcome, detail: string): void {
    const { clock, log } = this.#reach;
    const now = clock.now();
    const unreached = outcome === "connect_failed" || outcome === "upstream_tls_failed";
    this.#row++;
    this.#failedAt = now;
    if (this.#since < 0 && (unreached || this.#row >= ROW)) {
      this.#since = now;
      this.#failures = this.#row - 1;
      log.fails(this.candidate.id, outcome, detail);
    }
    if (this.#since >= 0) this.#failures++;
    if (unreached) this.#notReached(now);
    if (this.#since >= 0) this.#reach.settle();
  }

  /** Takes traffic again. */
  release(): void {
    if (this.#where === IN) return;
    this.#where = IN;
    this.#unreached = 0;
    this.#stopTimer();
    this.candidate.state.clear("unreachable");
  }

  close(): void {
    this.#stopWatching();
    const { state } = this.candidate;
    if (state.reach === this) state.reach = null;
    this.release();
  }

  #notReached(now: number): void {
    if (this.#unreached === 0 || now - this.#unreachedAt >= WINDOW_MS) {
      this.#unreached = 0;
      this.#unreachedAt = now;
    }
    this.#unreached++;
    const { limit } = this.#reach;
    if (this.#where !== IN) return this.#leave(); // its trial has failed
    if (limit === 0 || this.#unreached < limit || !this.#reach.hasOther(this)) return;
    this.#reach.outs++;
    if (!this.#outReported) this.#reach.log.out(this.candidate.id);
    this.#outReported = true;
    this.#leave();
  }

  #leave(): void {
    this.#where = OUT;
    this.#stopTimer();
    this.#stopTimer = this.#reach.clock.after(WINDOW_MS, () => this.#due());
    this.candidate.state.block("unreachable");
  }

  #due(): void {
    this.#where = DUE;
    this.candidate.state.clear("unreachable");
  }
}
