// Ejects endpoints whose attempts fail more than those of their peers, for growing times, never all of them.
import type { Clock } from "../core/clock.ts";
import type { EndpointState, OutcomeWatcher } from "../core/endpoint-state.ts";
import { type Candidate, Members } from "./members.ts";
import { findOutliers, type Tally } from "./outlier-compare.ts";
import { type EjectionReason, ejectionMs, mayEject, type OutlierSettings } from "./outlier-settings.ts";

/** Told of every ejection and return. */
interface OutlierLog {
  ejected(id: string, reason: EjectionReason, ms: number): void;
  returned(id: string): void;
}

/** The endpoints of one service. Data about an endpoint is dropped with its state. */
export class OutlierDetector {
  readonly service: string;
  /** Ejections so far. */
  readonly ejections = new Map<EjectionReason, number>();
  readonly #clock: Clock;
  readonly #log: OutlierLog;
  readonly #members = new Members((candidate) => new Member(candidate, this));
  #settings: OutlierSettings | null = null;
  #sweepAt = 0;
  #stopTimer: () => void = () => undefined;

  constructor(service: string, clock: Clock, log: OutlierLog) {
    this.service = service;
    this.#clock = clock;
    this.#log = log;
  }

  /** Sets the endpoints to watch from now on, and the settings. */
  follow(candidates: readonly Candidate[], settings: OutlierSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#members.follow(candidates);
    if (before?.intervalMs !== settings.intervalMs) this.#sweepAt = this.#clock.now() + settings.intervalMs;
    this.#rescue();
    this.#setTimer();
  }

  /** Stops watching; endpoints that are ejected come back. */
  close(): void {
    this.#stopTimer();
    this.#members.close();
  }

  /** An endpoint failed so many times in a row. */
  failing(member: Member): void {
    const { consecutiveFailures } = this.#settings!;
    if (consecutiveFailures > 0 && member.row >= consecutiveFailures) this.#eject(member, "consecutive_failures");
  }

  /** Something else keeps an endpoint from its traffic, or does so no more. */
  changed(): void {
    this.#rescue();
  }

  #eject(member: Member, reason: EjectionReason): void {
    const settings = this.#settings!;
    const all = [...this.#members];
    const out = all.filter((m) => m.until > 0).length;
    if (member.until > 0 || !mayEject(settings, all.length, out)) return;
    if (!all.some((m) => m !== member && m.serves)) return;
    member.times++;
    const ms = ejectionMs(settings, member.times);
    member.until = this.#clock.now() + ms;
    member.forget();
    this.ejections.set(reason, (this.ejections.get(reason) ?? 0) + 1);
    this.#log.ejected(member.candidate.id, reason, ms);
    member.candidate.state.block("ejected");
    this.#setTimer();
  }

  /** Lets ejected endpoints come back when no other is left: one that does badly is better than none. */
  #rescue(): void {
    const all = [...this.#members];
    for (const member of all) {
      if (all.some((m) => m.serves)) return;
      if (member.until > 0) this.#return(member);
    }
  }

  #return(member: Member): void {
    member.until = 0;
    member.backAt = this.#clock.now();
    member.forget();
    this.#log.returned(member.candidate.id);
    member.candidate.state.clear("ejected");
  }

  /** One timer for everything: the next comparison, or the first one to come back. */
  #setTimer(): void {
    this.#stopTimer();
    let next = this.#sweepAt;
    for (const { until } of this.#members) if (until > 0 && until < next) next = until;
    this.#stopTimer = this.#clock.after(Math.max(0, next - this.#clock.now()), () => this.#ring());
  }

  #ring(): void {
    const now = this.#clock.now();
    for (const member of this.#members) if (member.until > 0 && member.until <= now) this.#return(member);
    if (now >= this.#sweepAt) this.#sweep(now);
    this.#setTimer();
  }

  #sweep(now: number): void {
    const settings = this.#settings!;
    this.#sweepAt = now + settings.intervalMs;
    const inside = [...this.#members].filter((m) => m.until === 0);
    const outliers = findOutliers(inside, settings);
    for (const { who, reason } of outliers) this.#eject(who, reason);
    for (const member of inside) {
      const behaved = member.until === 0 && now - member.backAt >= settings.intervalMs;
      if (behaved && member.times > 0) member.times--;
      member.restart();
    }
  }
}

/** What is known of one endpoint; it is the watcher of its state. */
class Member implements OutcomeWatcher, Tally {
  candidate: Candidate;
  ok = 0;
  bad = 0;
  ms = 0;
  /** Failures since the last success. */
  row = 0;
  /** How often it was ejected of late. */
  times = 0;
  /** End of the ejection; 0: not ejected. */
  until = 0;
  /** When it last came back. */
  backAt = 0;
  readonly #detector: OutlierDetector;
  readonly #stopWatching: () => void;

  constructor(candidate: Candidate, detector: OutlierDetector) {
    this.candidate = candidate;
    this.#detector = detector;
    candidate.state.watcher = this;
    this.#stopWatching = candidate.state.watch(() => detector.changed());
  }

  /** Whether it takes traffic now. */
  get serves(): boolean {
    return this.candidate.listed && this.candidate.state.fit;
  }

  succeeded(_state: EndpointState, ms: number): void {
    this.ok++;
    this.ms += ms;
    this.row = 0;
  }

  failed(_state: EndpointState): void {
    this.bad++;
    this.row++;
    if (this.until === 0) this.#detector.failing(this);
  }

  /** A new interval. */
  restart(): void {
    this.ok = this.bad = this.ms = 0;
  }

  forget(): void {
    this.restart();
    this.row = 0;
  }

  close(): void {
    this.#stopWatching();
    const { state } = this.candidate;
    if (state.watcher === this) state.watcher = null;
    state.clear("ejected");
  }
}
