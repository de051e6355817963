// Brings the running gateway to what the configuration says: one load at a time, the newest wins, all or nothing.
import type { Config } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import { ConfigError, oneLine, type Problem } from "../config/problem.ts";
import { SourceFiles, type Stamps } from "../config/source-files.ts";
import { systemClock } from "../core/clock.ts";
import type { Live } from "../core/snapshot.ts";
import { loadChecked } from "../snapshot/checked.ts";
import { type CompiledSnapshot, compile } from "../snapshot/compile.ts";
import { prepareLimitStores } from "../snapshot/limit-stores.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { prepareTranscoding } from "../snapshot/translators.ts";
import type { Listeners } from "./listeners.ts";
import { RetryLater } from "./retry-later.ts";

/** Reason of a load that repeats one. */
const RETRY = "retry";

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

/** Loads and applies configurations. */
export class Reconciler {
  readonly #options: () => LoadOptions;
  readonly #runtime: Runtime;
  readonly #live: Live;
  readonly #listeners: Listeners;
  #snapshot: CompiledSnapshot;
  #running: Promise<Outcome> | null = null;
  #next: Promise<Outcome> | null = null;
  readonly #retry = new RetryLater(systemClock);
  #closed = false;
  /** The last load; at first that of the start. */
  lastLoad: LoadReport;
  /** What was noticed about the configuration in effect, one line each. */
  warnings: readonly string[];
  /** Called after a configuration was applied. */
  onApplied: (config: Config) => void = () => undefined;
  /** Called after each load with the files it has read or missed, also when it was refused: mending one is a change. */
  onLoaded: (files: Stamps) => void = () => undefined;

  /**
   * @param snapshot the one that is live at start
   * @param warnings of its configuration
   */
  constructor(
    options: () => LoadOptions,
    runtime: Runtime,
    live: Live,
    listeners: Listeners,
    snapshot: CompiledSnapshot,
    warnings: readonly string[],
  ) {
    this.#options = options;
    this.#runtime = runtime;
    this.#live = live;
    this.#listeners = listeners;
    this.#snapshot = snapshot;
    this.warnings = warnings;
    this.lastLoad = { at: Date.now(), ok: true, problems: [] };
  }

  /** The one that is live. */
  get snapshot(): CompiledSnapshot {
    return this.#snapshot;
  }

  /** No configuration is applied any more. */
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
    const { log, reload } = this.#runtime;
    const readAt = Date.now();
    const files = new SourceFiles();
    try {
      const loaded = loadChecked(this.#options(), files);
      const warnings = loaded.warnings.map(oneLine);
      for (const warning of warnings) log.warn(warning);
      const { config } = loaded;
      const before = this.#snapshot.config;
      if (config.hash === this.#snapshot.hash) {
        this.#retry.settled();
        reload.ok = true;
        this.lastLoad = { at: readAt, ok: true, problems: [] };
        this.warnings = warnings;
        log.info("Configuration unchanged", { reason, hash: config.hash });
        return { kind: "unchanged" };
      }
      await this.#swap(config);
      this.#retry.settled();
      reload.ok = true;
      reload.at = Date.now() / 1000;
      reload.hash = config.hash;
      this.lastLoad = { at: readAt, ok: true, problems: [] };
      this.warnings = warnings;
      const { rules, services } = config;
      log.info("Configuration reloaded successfully", {
        reason,
        hash: config.hash,
        routes: rules.length,
        services: services.length,
      });
      this.onApplied(config);
      return { kind: "applied", config, before };
    } catch (error) {
      reload.ok = false;
      const text = error instanceof ConfigError ? error.text : (error as Error).message;
      const problems = error instanceof ConfigError ? error.problems.filter(isError).map(oneLine) : [text];
      const known = reason === RETRY && problems.join() === this.lastLoad.problems.join();
      if (!known) log.error("Configuration refused; the running one stays", { reason, problems: text.split("\n") });
      this.lastLoad = { at: readAt, ok: false, problems };
      if (isPassing(error)) this.#retry.again(() => void this.reload(RETRY));
      else this.#retry.settled();
      return { kind: "refused", problems };
    } finally {
      this.onLoaded(files.stamps);
    }
  }

  async #swap(config: Config): Promise<void> {
    await prepareTranscoding(config, this.#runtime);
    await prepareLimitStores(config, this.#runtime);
    const next = compile(config, this.#runtime);
    await this.#runtime.redis?.reached();
    let prepared: Awaited<ReturnType<Listeners["prepare"]>>;
    try {
      prepared = await this.#listeners.prepare(config);
    } catch (error) {
      next.retire();
      throw error;
    }
    if (this.#closed) {
      prepared.cancel();
      next.retire();
      throw new Error("the gateway is shutting down");
    }
    const old = this.#snapshot;
    this.#snapshot = next;
    next.begin(old);
    this.#live.snapshot = next;
    prepared.commit();
    old.retire();
  }
}

function isError(problem: Problem): boolean {
  return problem.severity === "error";
}

/**
 * Whether a load that failed may succeed with the same files: what it met beside them, such as a port in use or a log that
 * cannot be written, changes by itself; and so does a lack of resources while they were read.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ConfigError)) return true;
  return /\b(EMFILE|ENFILE|EAGAIN|EIO|ENOMEM|ESTALE)\b/.test(error.message);
}
