// What is known of one address of a service: how busy and quick it is, and what keeps it from taking traffic. It is kept
// across reloads under the identity of the endpoint, so that nothing learned is lost.
import type { AttemptOutcome } from "./attempt-end.ts";

/** Why an endpoint takes no new traffic. */
export type Obstacle =
  /** Its active check says so. */
  | "failing"
  /** Its active check has said nothing yet, and the configuration wants to wait for it. */
  | "unproven"
  /** It did worse than its peers and sits out for a while. */
  | "ejected"
  /** It could not be connected to; a request tries it now and then. */
  | "unreachable"
  /** An operator lets it finish what it has. */
  | "draining"
  /** An operator took it out. */
  | "down";

/** Told how every attempt on an endpoint ended. */
export interface OutcomeWatcher {
  succeeded(state: EndpointState, ms: number): void;
  failed(state: EndpointState): void;
}

/** Whether an endpoint can be connected to and does its work, as told by its attempts. */
export interface Reach {
  /** Whether its latest attempts all failed, and not long ago. */
  readonly failing: boolean;
  /** Whether an attempt may be made now: one alone tries an endpoint that could not be connected to. */
  admit(): boolean;
  succeeded(): void;
  /** @param detail for the log */
  failed(outcome: AttemptOutcome, detail: string): void;
}

/** Verdict of the active check; null where nobody checks. */
export type CheckStatus = "unknown" | "healthy" | "unhealthy" | null;

/** Time constant of the latency average, ms: what is older than this counts for about a third. */
const LATENCY_TAU_MS = 10_000;

/** State of one endpoint. Mutable, shared by every snapshot that has the endpoint. */
export class EndpointState {
  /** Requests under way to it. Open WebSockets and event streams count too. */
  active = 0;
  /** Peak EWMA of the time to the response head, ms; -1 before the first answer. */
  latencyMs = -1;
  /** Attempts that ended with a verdict, and how many of them it was to blame for. */
  attempts = 0;
  failures = 0;
  /** Share of its weight it gets now, in (0, 1]: below 1 while it warms up. */
  share = 1;
  /** Weight set by an operator; null: as configured. */
  weight: number | null = null;
  check: CheckStatus = null;
  /** Outlier detection, when it is on. */
  watcher: OutcomeWatcher | null = null;
  /** null: nobody follows it. */
  reach: Reach | null = null;
  readonly #obstacles = new Set<Obstacle>();
  readonly #listeners = new Set<() => void>();
  #latencyAt = 0;

  /** Whether nothing keeps it from taking traffic. */
  get fit(): boolean {
    return this.#obstacles.size === 0;
  }

  /** Whether its latest attempts all failed. */
  get failing(): boolean {
    return this.reach?.failing === true;
  }

  get obstacles(): ReadonlySet<Obstacle> {
    return this.#obstacles;
  }

  /** Keeps traffic away for a reason, until it is cleared. */
  block(reason: Obstacle): void {
    if (this.#obstacles.has(reason)) return;
    this.#obstacles.add(reason);
    this.changed();
  }

  clear(reason: Obstacle): void {
    if (this.#obstacles.delete(reason)) this.changed();
  }

  /** Calls `listener` when {@link fit}, {@link weight} or {@link share} changed. @returns stops it */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called after {@link weight} or {@link share} was set. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Takes a latency into the average: a slower one at once, a quicker one by and by (peak EWMA, as in Finagle).
   * @param now monotonic, ms
   */
  observe(ms: number, now: number): void {
    if (ms >= this.latencyMs) this.latencyMs = ms;
    else this.latencyMs = ms + (this.latencyMs - ms) * Math.exp((this.#latencyAt - now) / LATENCY_TAU_MS);
    this.#latencyAt = now;
  }

  /** An attempt ended well. @param ms to the response head */
  succeeded(ms: number): void {
    this.attempts++;
    this.reach?.succeeded();
    this.watcher?.succeeded(this, ms);
  }

  /** An attempt ended badly, and the endpoint is to blame. @param detail for the log */
  failed(outcome: AttemptOutcome, detail: string): void {
    this.attempts++;
    this.failures++;
    this.reach?.failed(outcome, detail);
    this.watcher?.failed(this);
  }
}
