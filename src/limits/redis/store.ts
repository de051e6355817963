// Limits shared through Redis: one script and one round trip per decision, and an answer in time even if Redis fails.

import type { Log } from "../../core/log.ts";
import { capacityOf } from "../arithmetic.ts";
import type { Decision, Limit, LimitStore, Refused } from "../limit.ts";
import { Budget } from "./budget.ts";
import type { Commands, ConnectionEvents } from "./connection.ts";
import { Gateways } from "./gateways.ts";
import { PendingDecision } from "./pending-decision.ts";
import { reasonOf } from "./reason.ts";
import { type Owed, Share } from "./share.ts";

/** After so many decisions in a row without an answer, requests do not wait for Redis any more. */
const TRIP = 3;
/** Interval of beats, ms: while Redis answers, and while it is away. */
const BEAT_MS = { shared: 1000, away: 50 } as const;
/** On its return Redis is sent what it missed in pieces of so many keys, so that requests are answered in between. */
const PIECE = 500;
/** A failure counts as over when none has followed for this long, ms. */
const CALM_MS = 5000;
/** Longest wait for Redis to hear that this process leaves, ms. */
const LEAVE_MS = 100;

/** How a store behaves. */
export interface RedisStoreOptions {
  /** As the configuration calls it; for messages. */
  readonly name: string;
  /** Longest wait for one decision, ms. */
  readonly budgetMs: number;
  /** While Redis does not answer: count here, refuse, or let everything through. */
  readonly onFailure: "local" | "deny" | "allow";
  /** What counts as used of a key whose count is not known: all of it, or nothing. */
  readonly onLoss: "spent" | "fresh";
  /** Name of this process among all gateways. */
  readonly instance: string;
}

/** What a store needs of the process. */
interface RedisStoreParts {
  readonly connect: (events: ConnectionEvents) => Commands;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly log: Log;
}

/** A {@link LimitStore} in Redis. Begins to connect at once; until that is done, Redis is away. */
export class RedisStore implements LimitStore {
  /** Not known: Redis would have to read every key. */
  readonly usage = (): null => null;
  readonly #options: RedisStoreOptions;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #budget: Budget;
  readonly #share: Share;
  readonly #commands: Commands;
  readonly #gateways: Gateways;
  /** Resolves when Redis decides for the first time, or is known not to be there. */
  readonly reached: Promise<void>;
  #resolveReached: () => void = () => undefined;
  #shared = false;
  #failures = 0;
  /** When a decision was last without an answer, ms. */
  #failedAt = 0;
  #awaySince: number;
  /** Why Redis cannot be reached, as said since it went away. */
  readonly #reported = new Set<string>();
  #beating = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RedisStoreOptions, parts: RedisStoreParts) {
    this.#options = options;
    this.#now = parts.now;
    this.#log = parts.log;
    this.#budget = new Budget(options.budgetMs, parts.now);
    this.#share = new Share(options.onLoss === "spent");
    this.#awaySince = parts.now();
    this.reached = new Promise((resolve) => {
      this.#resolveReached = resolve;
    });
    this.#commands = parts.connect({
      ready: () => this.#tick(),
      lost: () => this.#degrade("connection lost"),
      failed: (reason) => this.#logFailure(reason),
    });
    this.#gateways = new Gateways(this.#commands, options.instance);
    this.#schedule();
  }

  /** Whether Redis decides nothing now. */
  get degraded(): boolean {
    return !this.#shared;
  }

  take(limit: Limit, key: string, cost: number): Decision | Refused | Promise<Decision | Refused> {
    if (!this.#shared) return this.#decideAlone(limit, key, cost);
    return new Promise((resolve) => {
      const pending = new PendingDecision(limit, key, cost, resolve, () => this.#expired(pending));
      this.#budget.start(pending);
      this.#run("take", limit, key, cost).then(
        (reply) => (Array.isArray(reply) ? this.#answered(pending, decisionOf(reply)) : this.#failed(pending)),
        () => this.#failed(pending),
      );
    });
  }

  giveBack(limit: Limit, key: string, cost: number): void {
    if (this.#share.giveBack(limit, key, cost) || !this.#shared) return;
    this.#run("give", limit, key, cost).catch(() => undefined); // one request too few, and only until it is paid off
  }

  charge(limit: Limit, key: string, cost: number): void {
    const alone = () => this.#share.charge(limit, key, this.#nowUs(), cost);
    if (!this.#shared) return alone();
    this.#run("owe", limit, key, cost).catch(() => {
      this.#failedAt = this.#now();
      alone();
    });
  }

  /** Leaves and disconnects. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#resolveReached();
    this.#budget.close();
    this.#shared = false;
    const end = () => this.#commands.close();
    if (!this.#commands.ready) return end();
    const late = setTimeout(end, LEAVE_MS);
    void this.#gateways.leave().then(() => {
      clearTimeout(late);
      end();
    });
  }

  #run(operation: "take" | "give" | "owe", limit: Limit, key: string, cost: number): Promise<unknown> {
    const { algorithm, rate, periodMs, keepMs } = limit;
    const lost = this.#options.onLoss === "spent" ? this.#gateways.lostUs : 0;
    const numbers = [cost, rate, periodMs * 1000, capacityOf(limit), keepMs, lost];
    return this.#commands.run(algorithm, [`ratelimit:${limit.id}:${key}`], [operation, ...numbers]);
  }

  #answered(pending: PendingDecision, decision: Decision): void {
    this.#failures = 0;
    if (!pending.settled) {
      pending.settle(decision);
      if (this.#shared && this.#share.size > 0) this.#reportKey(pending);
    } else if (decision.allowed) {
      // Decided without it meanwhile: what was let through is charged now, what was refused should not be.
      if (pending.passed) this.#share.acknowledge(pending.limit, pending.key, pending.cost);
      else this.giveBack(pending.limit, pending.key, pending.cost);
    }
  }

  /** An error reply costs no waiting, and in a cluster may come from one node: Redis counts as away when the beat fails, too. */
  #failed(pending: PendingDecision): void {
    if (pending.settled) return;
    if (this.#failure() && this.#shared) this.#tick();
    pending.settle(this.#decideAlone(pending.limit, pending.key, pending.cost));
  }

  #expired(pending: PendingDecision): void {
    if (pending.settled) return;
    if (this.#failure()) this.#degrade(`no answer within ${this.#options.budgetMs} ms`);
    pending.settle(this.#decideAlone(pending.limit, pending.key, pending.cost));
  }

  /** @returns whether there were too many in a row */
  #failure(): boolean {
    this.#failedAt = this.#now();
    if (++this.#failures === 1 && this.#shared) this.#share.begin(this.#gateways.count, this.#nowUs());
    return this.#failures >= TRIP;
  }

  /** Without Redis. */
  #decideAlone(limit: Limit, key: string, cost: number): Decision | Refused {
    const { onFailure } = this.#options;
    if (onFailure === "local") return this.#share.take(limit, key, this.#nowUs(), cost);
    return onFailure === "deny" ? "unavailable" : { ...PASSED, remaining: capacityOf(limit) };
  }

  #degrade(reason: string): void {
    this.#gateways.away();
    if (!this.#shared || this.#closed) return;
    this.#shared = false;
    this.#awaySince = this.#now();
    if (this.#failures === 0) this.#share.begin(this.#gateways.count, this.#nowUs());
    const { name, onFailure } = this.#options;
    this.#log.warn("Redis does not decide on rate limits", { store: name, reason, onFailure, ...this.#facts() });
    this.#schedule();
  }

  #recover(): void {
    this.#shared = true;
    this.#resolveReached();
    this.#failures = 0;
    this.#reported.clear();
    this.#reportAll();
    const awayMs = Math.round(this.#now() - this.#awaySince);
    this.#log.info("Redis decides on rate limits", { store: this.#options.name, awayMs, ...this.#facts() });
  }

  /** Only usage that Redis does not have is still counted here. Reports are sent before any later decision. */
  #reportAll(): void {
    this.#share.end();
    void this.#report(this.#share.takeOwed(this.#nowUs()));
  }

  /** Redis has decided on this key. Other keys may be unknown: in a cluster, their node may have failed. */
  #reportKey({ limit, key }: PendingDecision): void {
    void this.#report(this.#share.takeOwedOf(limit, key, this.#nowUs()));
  }

  #facts() {
    return { gateways: this.#gateways.count };
  }

  /** Reports to Redis what was admitted without it. What cannot be sent remains to be reported. */
  async #report(owed: readonly Owed[]): Promise<void> {
    for (let i = 0; i < owed.length && !this.#closed; i += PIECE) {
      const piece = owed.slice(i, i + PIECE).map(({ limit, key, cost }) =>
        this.#run("owe", limit, key, cost).then(
          () => this.#shared && this.#share.forget(limit, key),
          () => {
            this.#failedAt = this.#now();
            this.#share.owe(limit, key, this.#nowUs(), cost);
          },
        ),
      );
      await Promise.all(piece);
    }
  }

  /** Errors of connections while none works: said once for each reason. */
  #logFailure(reason: string): void {
    if (this.#shared || this.#closed || this.#reported.has(reason)) return;
    this.#reported.add(reason);
    this.#resolveReached();
    this.#log.warn("Redis cannot be reached", { store: this.#options.name, reason });
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#tick(), this.#shared ? BEAT_MS.shared : BEAT_MS.away).unref();
  }

  #tick(): void {
    if (this.#closed) return;
    this.#schedule();
    this.#commands.watch();
    if (this.#beating || !this.#commands.ready) return;
    this.#beating = true;
    this.#beat()
      .catch((error: Error) => {
        if (this.#shared) this.#failure() && this.#degrade(reasonOf(error));
        else this.#logFailure(reasonOf(error));
      })
      .finally(() => {
        this.#beating = false;
      });
  }

  /** A gateway reports its usage before its heartbeat: once all have sent one, Redis is complete. */
  async #beat(): Promise<void> {
    if (!this.#shared) {
      if (!this.#gateways.back) await this.#gateways.look();
      await this.#report(this.#share.takeOwed(this.#nowUs()));
    }
    await this.#gateways.beat();
    if (this.#closed) return;
    if (this.#shared) {
      this.#failures = 0;
      if (this.#share.size > 0 && this.#now() - this.#failedAt >= CALM_MS) this.#reportAll();
      return;
    }
    // A gateway that counts alone waits for the others: those still away would let through their shares besides.
    if (this.#gateways.complete || this.#options.onFailure !== "local") this.#recover();
  }

  #nowUs(): number {
    return Math.round(this.#now() * 1000);
  }
}

const PASSED = { allowed: true, remaining: 0, resetMs: 0, retryMs: 0, waitMs: 0, degraded: "allow" } as const;

function decisionOf(reply: readonly number[]): Decision {
  const [allowed, remaining, reset, retry, wait] = reply as [number, number, number, number, number];
  return {
    allowed: allowed === 1,
    remaining,
    resetMs: reset / 1000,
    retryMs: retry / 1000,
    waitMs: wait / 1000,
    degraded: null,
  };
}
