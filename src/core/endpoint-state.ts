// The state of one address of a service: its load, its latency, and obstacles to receiving traffic. It is kept
// across reloads under the identity of the endpoint, so that nothing learned is lost.
import type { AttemptOutcome } from "./attempt-end.ts";

/** Why an endpoint takes no new traffic. */
export type Obstacle =
  /** Its active check fails. */
  | "failing"
  /** Its active check has no result yet, and the configuration requires one. */
  | "unproven"
  /** Outlier detection has taken it out for a time: it did worse than the other endpoints of its service. */
  | "ejected"
  /** Connections to it fail. A single request tries it from time to time. */
  | "unreachable"
  /** An operator is draining it: it gets no new requests while those in progress finish. */
  | "draining"
  /** An operator has taken it out of service. */
  | "down";

/** Called with the result of every attempt on an endpoint; implemented by outlier detection. */
export interface OutcomeWatcher {
  succeeded(state: EndpointState, ms: number): void;
  failed(state: EndpointState): void;
}

/** Whether an endpoint can be connected to and answers, judged by the results of the attempts on it. */
export interface Reach {
  /** Whether its latest attempts have all failed, the last of them recently. */
  readonly failing: boolean;
  /** Whether an attempt may be made now. While connections to the endpoint fail, one attempt at a time is admitted. */
  admit(): boolean;
  succeeded(): void;
  /** @param detail for the log */
  failed(outcome: AttemptOutcome, detail: string): void;
}

/** Result of the active health check; null when the endpoint is not checked. */
export type CheckStatus = "unknown" | "healthy" | "unhealthy" | null;

/** Time constant of the moving average of latencies, ms: a value as old as this has a weight of 1/e, about a third. */
const LATENCY_TAU_MS = 10_000;

/** State of one endpoint. Mutable, shared by every snapshot that has the endpoint. */
export class EndpointState {
  /** Requests in progress to it, including open WebSockets and event streams. */
  active = 0;
  /** Peak EWMA of the time to the response head, ms; -1 before the first answer. */
  latencyMs = -1;
  /** Attempts whose outcome depended on the endpoint, and how many of them failed because of it. */
  attempts = 0;
  failures = 0;
  /** Share of its weight that balancers use, in (0, 1]: below 1 during slow start. */
  share = 1;
  /** Weight set by an operator; null: as configured. */
  weight: number | null = null;
  check: CheckStatus = null;
  /** Outlier detection; null when it is off for the service. */
  watcher: OutcomeWatcher | null = null;
  /** Follows whether the endpoint can be reached; null until it is attached, or where nothing is. */
  reach: Reach | null = null;
  readonly #obstacles = new Set<Obstacle>();
  readonly #listeners = new Set<() => void>();
  /** Called when no request is in progress any more. */
  #waiting: (() => void)[] = [];
  #latencyAt = 0;

  /** Whether the endpoint may receive traffic, that is, has no obstacle. */
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

  /** Adds an obstacle. It keeps traffic away until {@link clear} is called with it. */
  block(reason: Obstacle): void {
    if (this.#obstacles.has(reason)) return;
    this.#obstacles.add(reason);
    this.changed();
  }

  /** Removes an obstacle, if present. */
  clear(reason: Obstacle): void {
    if (this.#obstacles.delete(reason)) this.changed();
  }

  /**
   * Calls `listener` after a change of the obstacles, {@link weight} or {@link share}.
   * @returns a function that ends the subscription
   */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Notifies the listeners. Call it after setting {@link weight} or {@link share}. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** A request that {@link active} counted is over. */
  left(): void {
    // Resources are released in the same turn; waiters run after that.
    if (--this.active === 0 && this.#waiting.length > 0) queueMicrotask(() => this.#tellIdle());
  }

  /** Calls `run` once, as soon as no request is in progress, possibly at once. */
  whenIdle(run: () => void): void {
    if (this.active === 0) run();
    else this.#waiting.push(run);
  }

  /**
   * Adds a latency, ms, to {@link latencyMs}: a higher one replaces the average, a lower one moves it gradually (peak
   * EWMA, as in Finagle).
   * @param now monotonic, ms
   */
  observe(ms: number, now: number): void {
    if (ms >= this.latencyMs) this.latencyMs = ms;
    else this.latencyMs = ms + (this.latencyMs - ms) * Math.exp((this.#latencyAt - now) / LATENCY_TAU_MS);
    this.#latencyAt = now;
  }

  /** Records an attempt that succeeded. @param ms from sending to the response head */
  succeeded(ms: number): void {
    this.attempts++;
    this.reach?.succeeded();
    this.watcher?.succeeded(this, ms);
  }

  /** Records an attempt that failed because of the endpoint. @param detail for the log */
  failed(outcome: AttemptOutcome, detail: string): void {
    this.attempts++;
    this.failures++;
    this.reach?.failed(outcome, detail);
    this.watcher?.failed(this);
  }

  #tellIdle(): void {
    if (this.active > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}
