// Streams end when the credential they were opened with does: when its time is over, or when it is found to be revoked.
import type { BoundStream, Standing, StreamEnd, StreamKind } from "./bound-stream.ts";
import type { Clock } from "./clock.ts";
import type { RequestContext } from "./context.ts";
import type { AuthMethod } from "./identity.ts";
import type { Log } from "./log.ts";
import { inSlices } from "./slices.ts";
import { TICK_MS } from "./streams.ts";

/** Checks of one method that may wait for an answer at once. */
const MAX_RUNNING = 16;
/** Longest wait for an answer, ms. The methods bound their calls themselves, more tightly. */
const MAX_WAIT_MS = 10_000;

/** What the watch is given of its surroundings. */
export interface WatchParts {
  readonly clock: Clock;
  /** ms since 1970. */
  readonly wallClock: () => number;
  /** Checks the credential of a request again, with the current configuration. */
  readonly standing: (ctx: RequestContext) => Standing | Promise<Standing>;
  /** Counts a stream that was ended so. */
  readonly ended: (kind: StreamKind, reason: StreamEnd) => void;
  readonly log: Log;
}

interface Watched {
  readonly ctx: RequestContext;
  readonly kind: StreamKind;
  readonly stream: BoundStream;
  readonly recheckMs: number;
  /** ms since 1970; 0 never. */
  expiresAt: number;
  /** Monotonic, ms; Infinity while a check is in progress. */
  checkAt: number;
  /** Why it counts no more; "" it does. */
  revoked: string;
}

/** The checks of one method: one that gets no answers does not keep the others waiting. */
interface Checks {
  readonly due: Set<Watched>;
  running: number;
}

/** All streams of the process that are bound to a credential, on one timer. */
export class CredentialWatch {
  readonly #parts: WatchParts;
  readonly #watched = new Set<Watched>();
  readonly #ending = new Set<Watched>();
  readonly #checks = new Map<AuthMethod, Checks>();
  #ticking = false;
  #working = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#watched.size;
  }

  /**
   * Watches the credential of a request until the request is over; does nothing where none let it in.
   * @param recheckMs time between two looks whether it was revoked, ms; 0 never
   */
  watch(ctx: RequestContext, kind: StreamKind, recheckMs: number, stream: BoundStream): void {
    const expiresAt = ctx.identity?.expiresAt ?? 0;
    if (ctx.admission === null || (expiresAt === 0 && recheckMs === 0)) return;
    // Anywhere within the first interval: streams that were opened together are not looked at together.
    const checkAt = this.#parts.clock.now() + Math.random() * recheckMs;
    const one: Watched = { ctx, kind, stream, recheckMs, expiresAt, checkAt, revoked: "" };
    this.#watched.add(one);
    ctx.onDone(() => this.#release(one));
    this.#schedule();
  }

  #release(one: Watched): void {
    this.#watched.delete(one);
    this.#ending.delete(one);
    this.#checks.get(one.ctx.admission!.method)?.due.delete(one);
    if (one.ctx.error === "expired_credentials")
      this.#parts.ended(one.kind, one.revoked === "" ? "expired" : "revoked");
  }

  #schedule(): void {
    if (this.#ticking || this.#watched.size === 0) return;
    this.#ticking = true;
    this.#parts.clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#ticking = false;
    const wall = this.#parts.wallClock();
    const now = this.#parts.clock.now();
    for (const one of this.#watched) {
      if (whyOver(one, wall) !== "") this.#ending.add(one);
      else if (one.recheckMs > 0 && now >= one.checkAt) this.#checksOf(one).due.add(one);
    }
    this.#work();
    this.#schedule();
  }

  /** Ends and checks due streams, in slices: ten thousand tokens may expire at the same moment. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    void inSlices(this.#steps());
  }

  *#steps(): Generator<void, void> {
    for (const one of this.#ending) {
      this.#ending.delete(one);
      if (this.#watched.has(one)) this.#end(one);
      yield;
    }
    for (const checks of this.#checks.values()) {
      for (const one of checks.due) {
        if (checks.running === MAX_RUNNING) break;
        checks.due.delete(one);
        if (this.#watched.has(one)) this.#check(one, checks);
        yield;
      }
    }
    this.#working = false;
  }

  #checksOf({ ctx }: Watched): Checks {
    const { method } = ctx.admission!;
    let checks = this.#checks.get(method);
    if (checks === undefined) this.#checks.set(method, (checks = { due: new Set(), running: 0 }));
    return checks;
  }

  #end(one: Watched): void {
    const why = whyOver(one, this.#parts.wallClock());
    if (why !== "" && this.#tell(one, why)) this.#watched.delete(one);
  }

  #tell({ stream, ctx }: Watched, why: string): boolean {
    try {
      return stream.expired(why);
    } catch (error) {
      ctx.defects!.defect(ctx, error);
      return true;
    }
  }

  #check(one: Watched, checks: Checks): void {
    one.checkAt = Number.POSITIVE_INFINITY;
    const standing = this.#standing(one);
    if (!(standing instanceof Promise)) return this.#settle(one, standing);
    checks.running++;
    let waits = true;
    const done = (found: Standing) => {
      if (!waits) return; // it came too late
      waits = false;
      cancel();
      checks.running--;
      this.#settle(one, found);
      this.#work();
    };
    const cancel = this.#parts.clock.after(MAX_WAIT_MS, () => done(null));
    standing.then(done, (error: Error) => done(this.#unknown(error)));
  }

  #standing({ ctx }: Watched): Standing | Promise<Standing> {
    try {
      return this.#parts.standing(ctx);
    } catch (error) {
      return this.#unknown(error as Error);
    }
  }

  /** An error of the method says nothing about the credential. */
  #unknown({ stack }: Error): null {
    this.#parts.log.error("the credential of a stream could not be checked", { stack });
    return null;
  }

  #settle(one: Watched, standing: Standing): void {
    one.checkAt = this.#parts.clock.now() + one.recheckMs;
    if (standing === null) return;
    if ("why" in standing) one.revoked = standing.why;
    else one.expiresAt = standing.expiresAt;
    if (!this.#watched.has(one) || whyOver(one, this.#parts.wallClock()) === "") return;
    this.#end(one);
  }
}

/** Why the credential counts no more; "" it does. */
function whyOver({ revoked, expiresAt, ctx }: Watched, wall: number): string {
  if (revoked !== "") return revoked;
  return expiresAt !== 0 && wall >= expiresAt ? `credential of "${ctx.identity?.subject ?? ""}" expired` : "";
}
