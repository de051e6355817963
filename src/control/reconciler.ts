// Loads configurations and applies them to the running gateway: one load at a time, the newest last, each wholly or not
// at all.
import type { Config } from "../config/config.ts";
import { differenceOf } from "../config/show/difference.ts";
import type { Stamps } from "../config/text/source-files.ts";
import { systemClock } from "../core/clock.ts";
import type { Participant } from "../core/data-plane.ts";
import type { Log } from "../core/log.ts";
import type { Dropped } from "./load-thread.ts";
import type { Loading } from "./loader.ts";
import { RetryLater } from "./retry-later.ts";

/** Reason given for a load that repeats a failed one. */
const RETRY = "retry";

/** Most dropped fragments that one line of the log names. */
const MAX_SAID = 20;

/** What a reload did. */
export type Outcome =
  | { readonly kind: "applied"; readonly config: Config; readonly before: Config }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused" /** One line each. */; readonly problems: readonly string[] };

/** How the last load went. */
export interface LoadReport {
  /** ms since 1970. */
  readonly at: number;
  readonly ok: boolean;
  /** Why it was refused, one line each. */
  readonly problems: readonly string[];
}

/** Loads the files with the fragments there are beside them, unless what comes of it has the hash that is known. */
type Load = (known: string) => Promise<Loading>;

/** Loads and applies configurations. */
export class Reconciler {
  readonly #load: Load;
  readonly #participants: readonly Participant<Config>[];
  readonly #log: Log;
  #config: Config | null = null;
  #running: Promise<Outcome> | null = null;
  #next: Promise<Outcome> | null = null;
  readonly #retry = new RetryLater(systemClock);
  #closed = false;
  /** The last load; at first that of the start. */
  lastLoad: LoadReport = { at: Date.now(), ok: true, problems: [] };
  /** What was noticed about the configuration in effect, one line each. */
  warnings: readonly string[] = [];
  /** Fragments that are not in effect. */
  dropped: readonly Dropped[] = [];
  /** Called after a reload was applied. */
  onApplied: (config: Config) => void = () => undefined;
  /** Called after each reload, with whether the configuration was accepted or is the one in effect. */
  onEnded: (ok: boolean) => void = () => undefined;
  /**
   * Called after each load with the files that were read or missing, also after a refused one, so that its correction is
   * noticed.
   */
  onLoaded: (files: Stamps) => void = () => undefined;

  /** @param participants all of them apply a configuration, or none does */
  constructor(load: Load, participants: readonly Participant<Config>[], log: Log) {
    this.#load = load;
    this.#participants = participants;
    this.#log = log;
  }

  /** The configuration in effect, once {@link start} is done. */
  get config(): Config {
    return this.#config!;
  }

  /**
   * Brings the first configuration into effect.
   * @param warnings what was noticed about it, one line each
   * @throws Error when it cannot run
   */
  async start(config: Config, warnings: readonly string[]): Promise<void> {
    this.warnings = warnings;
    await this.#swap(config);
  }

  /** From this call on no configuration is applied. */
  close(): void {
    this.#closed = true;
    this.#retry.settled();
  }

  /** Asks for a reload. Requests that come while one runs share the one after it. */
  reload(reason: string): Promise<Outcome> {
    if (this.#running === null) {
      this.#running = this.#apply(reason).finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.reload(reason);
    });
    return this.#next;
  }

  async #apply(reason: string): Promise<Outcome> {
    const log = this.#log;
    const readAt = Date.now();
    try {
      const loading = await this.#load(this.config.hash);
      this.onLoaded(loading.files);
      if (loading.kind === "refused") {
        const { problems, text } = loading;
        return this.#refused(reason, readAt, problems, text, problems.some(isPassing));
      }
      const { warnings } = loading;
      for (const warning of warnings) log.warn(warning);
      this.#sayDropped(loading.dropped);
      const before = this.config;
      if (loading.kind === "loaded") await this.#swap(loading.config);
      this.#retry.settled();
      this.onEnded(true);
      this.lastLoad = { at: readAt, ok: true, problems: [] };
      this.warnings = warnings;
      this.dropped = loading.dropped;
      if (loading.kind === "unchanged") {
        log.info("Configuration unchanged", { reason, hash: before.hash });
        return { kind: "unchanged" };
      }
      const { config } = loading;
      const { rules, services } = config;
      log.info("Configuration reloaded successfully", {
        reason,
        hash: config.hash,
        routes: rules.length,
        services: services.length,
      });
      log.debug?.("Changes by the reload", differenceOf(before, config));
      this.onApplied(config);
      return { kind: "applied", config, before };
    } catch (error) {
      // Conditions outside the files, such as a port in use or a log that cannot be written, can change by themselves;
      // their size does not.
      const { message, code } = error as NodeJS.ErrnoException;
      return this.#refused(reason, readAt, [message], message, code !== "ERR_WORKER_OUT_OF_MEMORY");
    }
  }

  /** Says in one line which fragments are dropped that were not before, or were for other reasons. */
  #sayDropped(dropped: readonly Dropped[]): void {
    const known = new Map(this.dropped.map(({ source, problems }) => [source, problems.join()]));
    const fresh = dropped.filter(({ source, problems }) => known.get(source) !== problems.join());
    if (fresh.length === 0) return;
    const problems = fresh.slice(0, MAX_SAID).map((one) => one.problems[0]!);
    this.#log.warn("Fragments dropped; the rest is in effect", { fragments: fresh.length, problems });
  }

  /** @param passes whether another try may succeed with the same files */
  #refused(reason: string, at: number, problems: readonly string[], text: string, passes: boolean): Outcome {
    this.onEnded(false);
    const known = reason === RETRY && problems.join() === this.lastLoad.problems.join();
    if (!known) {
      const lines = text.split("\n");
      this.#log.error("Configuration rejected; the running one stays in effect", { reason, problems: lines });
    }
    this.lastLoad = { at, ok: false, problems };
    if (passes && !this.#closed) this.#retry.again(() => void this.reload(RETRY));
    else this.#retry.settled();
    return { kind: "refused", problems };
  }

  async #swap(config: Config): Promise<void> {
    const prepared: Participant<Config>[] = [];
    try {
      for (const participant of this.#participants) {
        await participant.prepare(config);
        prepared.push(participant);
      }
      if (this.#closed) throw new Error("the gateway is shutting down");
    } catch (error) {
      for (const participant of prepared.reverse()) await participant.cancel();
      throw error;
    }
    this.#config = config;
    await Promise.all(prepared.map((participant) => participant.commit()));
  }
}

/** Whether a file could not be read for want of resources. */
function isPassing(problem: string): boolean {
  return /\b(EMFILE|ENFILE|EAGAIN|EIO|ENOMEM|ESTALE)\b/.test(problem);
}
