// Slow start: an endpoint that is new beside running ones, or comes back, gets its share of traffic little by little, so
// that cold caches and just-started processes are not overloaded.
import type { EndpointState } from "../core/endpoint-state.ts";

/** Share of its weight a cold endpoint begins with. */
const FIRST_SHARE = 0.1;
/** Steps from there to the whole. */
const STEPS = 20;
/** Time between two steps at most and at least, ms: each makes a new picker. */
const MOST_MS = 1000;
const LEAST_MS = 20;

interface Follower {
  /** Stops watching the endpoint. */
  readonly stop: () => void;
  fit: boolean;
  /** Out of service for another reason than not having been checked yet. */
  lost: boolean;
}

/** Warms the endpoints of one service. A timer runs only while one of them is warming. */
export class SlowStart {
  readonly durationMs: number;
  readonly #now: () => number;
  readonly #followers = new Map<EndpointState, Follower>();
  /** Endpoints that are warming, with the time they began at. */
  readonly #warming = new Map<EndpointState, number>();
  #running = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param durationMs from the first share to the whole, above 0 @param now monotonic, ms */
  constructor(durationMs: number, now: () => number) {
    this.durationMs = durationMs;
    this.#now = now;
  }

  /** Called once the first endpoints are followed: those that join later begin cold. */
  begun(): void {
    this.#running = true;
  }

  /** Watches an endpoint until {@link unfollow}. */
  follow(state: EndpointState): void {
    // An endpoint that has not been checked yet, or that joins a running service, warms up when it becomes available.
    const follower: Follower = {
      fit: state.fit,
      lost: this.#running || isLost(state),
      stop: state.watch(() => this.#changed(state, follower)),
    };
    this.#followers.set(state, follower);
    if (this.#running && state.fit) this.#warm(state);
  }

  /** Stops watching an endpoint, which gets its whole weight. */
  unfollow(state: EndpointState): void {
    this.#followers.get(state)?.stop();
    this.#followers.delete(state);
    this.#cease(state);
    if (this.#warming.size === 0) this.#rest();
  }

  #changed(state: EndpointState, follower: Follower): void {
    const { fit } = state;
    follower.lost ||= !fit && isLost(state);
    if (fit === follower.fit) return;
    follower.fit = fit;
    if (fit && follower.lost) this.#warm(state);
    if (!fit) this.#cease(state);
  }

  #warm(state: EndpointState): void {
    this.#followers.get(state)!.lost = false;
    this.#warming.set(state, this.#now());
    state.share = FIRST_SHARE;
    const stepMs = Math.min(MOST_MS, Math.max(LEAST_MS, this.durationMs / STEPS));
    this.#timer ??= setInterval(() => this.#step(), stepMs).unref();
  }

  #step(): void {
    const now = this.#now();
    for (const [state, since] of [...this.#warming]) {
      const done = (now - since) / this.durationMs;
      if (done >= 1) this.#cease(state);
      else {
        state.share = FIRST_SHARE + (1 - FIRST_SHARE) * done;
        state.changed();
      }
    }
    if (this.#warming.size === 0) this.#rest();
  }

  #cease(state: EndpointState): void {
    if (!this.#warming.delete(state)) return;
    state.share = 1;
    state.changed();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function isLost(state: EndpointState): boolean {
  for (const obstacle of state.obstacles) if (obstacle !== "unproven") return true;
  return false;
}
