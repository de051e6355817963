// The logs of the process: the application log, which follows the configuration, and every output lines are written to.
import type { Config } from "../config/config.ts";
import { type LeaseHolder, LeaseTable } from "../core/lease.ts";
import type { LogLevel } from "../core/log.ts";
import { type AppLog, createLog } from "../observe/app-log.ts";
import { LineSink } from "../observe/line-sink.ts";
import { applicationOutput, loggingFormat } from "../snapshot/logging.ts";

/** Longest wait for the last log lines to get out, ms. */
const LAST_LINES_MS = 1000;

/** Made once a process. Outputs are leased: access logs of snapshots may share that of the application log. */
export class ProcessLogs {
  readonly leases = new LeaseTable();
  readonly #level: LogLevel | null;
  readonly #terminal: boolean;
  readonly #sinks = new Set<LineSink>();
  /** The application log. */
  readonly app: AppLog;
  /** The application log holds its output until a configuration names another. */
  #held = this.leases.holder();

  /**
   * @param level overrides what configurations say; null: nothing does
   * @param terminal whether standard output is one
   * @throws Error when the output of `config` cannot be opened
   */
  constructor(config: Config, level: LogLevel | null, terminal: boolean) {
    this.#level = level;
    this.#terminal = terminal;
    const sink = this.lease(applicationOutput(config), this.#held);
    this.app = createLog(sink, level ?? config.logging.level, this.#isText(config));
    this.app.hide(keysIn(config));
  }

  /** Lines lost so far, over all outputs that are open. */
  get dropped(): number {
    return [...this.#sinks].reduce((sum, sink) => sum + sink.dropped, 0);
  }

  /** Writes the application log where and as `config` says from now on. */
  follow(config: Config): void {
    const before = this.#held;
    this.#held = this.leases.holder();
    this.app.writeTo(this.lease(applicationOutput(config), this.#held), this.#isText(config));
    before.release();
    this.app.hide(keysIn(config));
    if (this.#level === null) this.app.setLevel(config.logging.level);
  }

  /** The log output of that name, shared by all holders of the lease. @throws Error when it cannot be opened */
  lease(output: string, holder: LeaseHolder): LineSink {
    return holder.lease(
      `sink|${output}`,
      () => {
        const sink = new LineSink(output);
        this.#sinks.add(sink);
        return sink;
      },
      (sink) => {
        this.#sinks.delete(sink);
        void sink.close();
      },
    );
  }

  /** Opens log files again under their names, after they were moved away. */
  reopen(): void {
    for (const sink of this.#sinks) {
      try {
        sink.reopen();
      } catch (error) {
        this.app.error("Log file cannot be opened again", { output: sink.output, reason: (error as Error).message });
      }
    }
    this.app.info("Log files opened again");
  }

  /** Resolves when everything written so far is out; a reader that does not read is not waited for. */
  async flushed(): Promise<void> {
    const all = Promise.all([...this.#sinks].map((sink) => sink.flushed()));
    await Promise.race([all, new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS).unref())]);
  }

  /** Writes out what the logs hold, without the event loop: last act before a forced end. */
  flushSync(): void {
    for (const sink of this.#sinks) sink.flushSync();
  }

  #isText(config: Config): boolean {
    return loggingFormat(config, applicationOutput(config), this.#terminal) === "text";
  }
}

/** Keys that are sent to others, who may repeat them. */
function keysIn({ llm }: Config): readonly string[] {
  return llm === null ? [] : llm.providers.flatMap(({ apiKeys }) => apiKeys);
}
