// The half that decides which configuration is in effect: it loads and watches the files, has the data planes apply what it
// accepts, and answers operators.
import type { ListenerAddress } from "../adapters/listeners.ts";
import type { Config } from "../config/config.ts";
import type { LoadOptions } from "../config/load.ts";
import type { Stamps } from "../config/text/source-files.ts";
import { systemClock } from "../core/clock.ts";
import type { DataPlane } from "../core/data-plane.ts";
import type { HandshakeWatch } from "../core/handshake.ts";
import type { Log } from "../core/log.ts";
import { Certificates } from "./certificates.ts";
import { Expiry } from "./expiry.ts";
import { Loader, type Loading } from "./loader.ts";
import { Management } from "./management/management.ts";
import { type Outcome, Reconciler } from "./reconciler.ts";
import { Sources } from "./sources.ts";
import { FileWatch } from "./watch.ts";

/** What the control plane works with. */
interface ControlParts {
  readonly load: LoadOptions;
  /** Whether a change of the files is a reason to load them. */
  readonly hotReload: boolean;
  /** At least one; all of them apply a configuration, or none does. */
  readonly planes: readonly DataPlane<Config>[];
  readonly version: string;
  readonly log: Log;
  /** Receives the results of TLS handshakes on the management listener. */
  readonly handshakes: () => HandshakeWatch;
  /** Called after a reload was applied. */
  applied(config: Config): void;
}

/** Made once for all data planes. */
export class ControlPlane {
  readonly #planes: readonly DataPlane<Config>[];
  readonly #loader = new Loader();
  readonly #sources: Sources;
  readonly #reconciler: Reconciler;
  readonly #management: Management;
  readonly #certificates: Certificates;
  readonly #expiry: Expiry;
  readonly #hotReload: boolean;
  /** null before the start, and when files are not watched. */
  #watch: FileWatch | null = null;

  constructor({ load, hotReload, planes, version, log, handshakes, applied }: ControlParts) {
    this.#planes = planes;
    this.#hotReload = hotReload;
    const view = {
      version,
      startedAt: Date.now(),
      now: Date.now,
      config: () => this.#reconciler.config,
      lastLoad: () => this.#reconciler.lastLoad,
      warnings: () => this.#reconciler.warnings,
      dropped: () => this.#reconciler.dropped,
      certificates: () => this.#certificates.status,
      reload: (reason: string) => this.#reconciler.reload(reason),
    };
    this.#management = new Management(view, planes, log, handshakes, (line) => process.stderr.write(`${line}\n`));
    this.#sources = new Sources(planes, systemClock, () => void this.reload("registry"));
    this.#expiry = new Expiry(systemClock, log);
    this.#certificates = new Certificates(planes, this.#management, log, version);
    const participants = [this.#sources, this.#certificates, ...planes, this.#management, this.#expiry];
    this.#reconciler = new Reconciler((known) => this.#load(load, known), participants, log);
    this.#reconciler.onLoaded = (files) => this.#watch?.follow(files);
    this.#reconciler.onEnded = (ok) => {
      for (const plane of planes) plane.noteLoad(ok);
    };
    this.#reconciler.onApplied = applied;
  }

  /** What is bound for operators. */
  get addresses(): readonly ListenerAddress[] {
    return this.#management.addresses;
  }

  /**
   * Brings the first configuration into effect.
   * @param warnings what was noticed about it, one line each
   * @param files those it was made of
   * @throws Error when it cannot run
   */
  async start(config: Config, warnings: readonly string[], files: Stamps): Promise<void> {
    await this.#reconciler.start(await this.#sources.complete(config), warnings);
    if (!this.#hotReload) return;
    this.#watch = new FileWatch(() => void this.reload("file"), systemClock);
    this.#watch.follow(files);
  }

  /** Loads the files again, and applies the configuration if it is valid and differs from the one in effect. */
  reload(reason: string): Promise<Outcome> {
    return this.#reconciler.reload(reason);
  }

  /** Applies nothing any more, has the data planes drain, and closes what is left. */
  async stop(): Promise<void> {
    this.#reconciler.close();
    this.#watch?.close();
    this.#loader.close();
    const { delay, timeout } = this.#reconciler.config.shutdown;
    await Promise.all(this.#planes.map((plane) => plane.drain({ delayMs: delay, timeoutMs: timeout })));
    this.#sources.close();
    await this.#certificates.close();
    this.#expiry.close();
    await this.#management.close();
  }

  async #load(options: LoadOptions, known: string): Promise<Loading> {
    const loading = await this.#loader.load({ ...options, fragments: this.#sources.fragments }, known);
    if (loading.kind !== "loaded") return loading;
    return { ...loading, config: await this.#sources.complete(loading.config) };
  }
}
