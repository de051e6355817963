// Brings the running gateway to what the configuration says: one load at a time, the newest wins, all or nothing.
import type { Config } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import { ConfigError, oneLine, type Problem } from "../config/problem.ts";
import type { Live } from "../core/snapshot.ts";
import { loadChecked } from "../snapshot/checked.ts";
import { type CompiledSnapshot, compile } from "../snapshot/compile.ts";
import { prepareLimitStores } from "../snapshot/limit-stores.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { prepareTranscoding } from "../snapshot/translators.ts";
import type { Listeners } from "./listeners.ts";

/** Wait before a load is tried again that failed for want of resources, ms. */
const RETRY_MS = 2000;

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
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  /** The last load; at first that of the start. */
  lastLoad: LoadReport;
  /** What was noticed about the configuration in effect, one line each. */
  warnings: readonly string[];
  /** Called after a configuration was applied; `readAt`: when its files were read, ms since 1970. */
  onApplied: (config: Config, readAt: number) => void = () => undefined;

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
    clearTimeout(this.#retry);
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
    try {
      const loaded = loadChecked(this.#options());
      const warnings = loaded.warnings.map(oneLine);
      for (const warning of warnings) log.warn(warning);
      const { config } = loaded;
      const before = this.#snapshot.config;
      if (config.hash === this.#snapshot.hash) {
        reload.ok = true;
        this.lastLoad = { at: readAt, ok: true, problems: [] };
        this.warnings = warnings;
        log.info("Configuration unchanged", { reason, hash: config.hash });
        return { kind: "unchanged" };
      }
      await this.#swap(config);
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
      this.onApplied(config, readAt);
      return { kind: "applied", config, before };
    } catch (error) {
      reload.ok = false;
      if (isPassing(error)) this.#tryAgain(reason);
      const text = error instanceof ConfigError ? error.text : (error as Error).message;
      log.error("Configuration refused; the running one stays", { reason, problems: text.split("\n") });
      const problems = error instanceof ConfigError ? error.problems.filter(isError).map(oneLine) : [text];
      this.lastLoad = { at: readAt, ok: false, problems };
      return { kind: "refused", problems };
    }
  }

  /** The file may be fine and the machine out of descriptors: nobody would touch the file again for that. */
  #tryAgain(reason: string): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.reload(reason), RETRY_MS).unref();
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

/** Whether the load failed for want of resources and not for what the files say. */
function isPassing(error: unknown): boolean {
  return /\b(EMFILE|ENFILE|EAGAIN|EIO|ENOMEM|ESTALE)\b/.test((error as Error).message);
}
