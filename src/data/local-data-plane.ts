// The data plane of this process: snapshots one after the other, and the ports whose requests enter them.
import { type ListenerAddress, Listeners, type PreparedListeners } from "../adapters/listeners.ts";
import type { Config } from "../config/config.ts";
import type { DataPlane, DrainTimes, ProcessFacts } from "../core/data-plane.ts";
import type { IssuedCertificate, OrderState } from "../core/issued-certificate.ts";
import type { About, AnswerTo, Question } from "../core/questions.ts";
import type { ServiceList } from "../core/registry.ts";
import { inSlices } from "../core/slices.ts";
import type { CurrentSnapshot } from "../core/snapshot.ts";
import { Pipeline } from "../gateway/handle.ts";
import type { CertificateEnd, LabelChoice, ReloadState } from "../observe/exposition.ts";
import type { Meters } from "../observe/meters.ts";
import { type CompiledSnapshot, compiling } from "../snapshot/compile.ts";
import type { Extensions } from "../snapshot/extensions.ts";
import { prepare } from "../snapshot/prepare.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import type { IssuedCertificates } from "../tls/issued-certificates.ts";
import { validityOf } from "../tls/validity.ts";
import { type Answers, answersOf } from "./answers/answers.ts";
import { drain } from "./drain.ts";
import { NameValidations } from "./name-validations.ts";
import { connectionLimit } from "./open-files.ts";
import { wantedPorts } from "./ports.ts";
import type { ProcessLogs } from "./process-logs.ts";
import { makeRuntime } from "./runtime.ts";

/** Compiled and bound, and not in effect yet. */
interface Prepared {
  readonly snapshot: CompiledSnapshot;
  readonly ports: PreparedListeners;
}

/** Serves in this process. */
export class LocalDataPlane implements DataPlane<Config> {
  readonly #live = new Live();
  readonly #runtime: Runtime;
  readonly #pipeline: Pipeline;
  readonly #listeners = new Listeners();
  readonly #answers: Answers;
  readonly #validations: NameValidations;
  readonly #reload: ReloadState = { ok: true, at: 0, hash: "" };
  #orders: readonly OrderState[] = [];
  #prepared: Prepared | null = null;

  /** @param extensions implementations added by an embedding program */
  constructor(facts: ProcessFacts, logs: ProcessLogs, meters: Meters, extensions: Extensions) {
    const live = this.#live;
    this.#runtime = makeRuntime(facts, logs, meters, extensions, live, {
      services: () => live.current?.snapshot.services.values() ?? [],
      overload: () => live.current?.snapshot.overload ?? null,
      labels: () => labelsOf(live.snapshot.config),
      certificates: () => certificateEnds(live.snapshot.config, this.#runtime.issued),
      orders: () => this.#orders,
      reload: this.#reload,
    });
    this.#validations = new NameValidations(logs.app);
    this.#pipeline = new Pipeline(live, logs.app);
    this.#answers = answersOf({
      runtime: this.#runtime,
      logs,
      listeners: this.#listeners,
      pipeline: this.#pipeline,
      snapshot: () => live.snapshot,
    });
  }

  /** What is bound. */
  get addresses(): readonly ListenerAddress[] {
    return this.#listeners.addresses;
  }

  async prepare(config: Config): Promise<void> {
    await prepare(config, this.#runtime);
    const snapshot = await inSlices(compiling(config, this.#runtime));
    let ports: PreparedListeners | null = null;
    try {
      await this.#runtime.redis?.reached();
      // Ports accept as soon as they are bound: until the first commit, requests find what will be in effect in a moment.
      if (!this.#live.ready) this.#enter(snapshot);
      ports = await this.#listeners.prepare(wantedPorts(config, this.#pipeline, this.#runtime));
      await snapshot.begin(this.#live.current?.snapshot ?? null);
      this.#prepared = { snapshot, ports };
    } catch (error) {
      ports?.cancel();
      await snapshot.retire();
      throw error;
    }
  }

  async commit(): Promise<void> {
    const { snapshot, ports } = this.#take();
    const before = this.#live.current?.snapshot ?? null;
    if (before !== null) this.#enter(snapshot);
    ports.commit();
    this.#live.ready = true;
    this.#reload.at = Date.now() / 1000;
    this.#reload.hash = snapshot.hash;
    // Not waited for, and not left to the first scrape: that may come when no file can be opened.
    if (snapshot.config.metrics.enabled) this.#runtime.exposition().catch(() => undefined);
    void before?.retire();
  }

  async cancel(): Promise<void> {
    const { snapshot, ports } = this.#take();
    ports.cancel();
    await snapshot.retire();
  }

  async ask<Q extends Question>(question: Q, about: About<Q>): Promise<AnswerTo<Q>> {
    return this.#answers[question](about);
  }

  noteLoad(ok: boolean): void {
    this.#reload.ok = ok;
  }

  follow(services: ServiceList): void {
    this.#live.snapshot.follow(services);
  }

  certify(certificates: readonly IssuedCertificate[]): void {
    this.#runtime.issued.replace(certificates);
  }

  noteOrders(orders: readonly OrderState[]): void {
    this.#orders = orders;
  }

  async drain(times: DrainTimes): Promise<void> {
    const { streams, healthChecks, pools, http2Pools, redis, log } = this.#runtime;
    await drain(this.#live, this.#listeners, streams, () => this.#pipeline.active, times, log);
    healthChecks.close();
    pools.close();
    http2Pools.close();
    redis?.close();
    this.#validations.close();
  }

  #take(): Prepared {
    const prepared = this.#prepared!;
    this.#prepared = null;
    return prepared;
  }

  /** Requests enter `snapshot` from now on, and what is set for the process as a whole follows it. */
  #enter(snapshot: CompiledSnapshot): void {
    this.#live.snapshot = snapshot;
    const { clients, pools, issued, log, openFiles, share } = this.#runtime;
    const { frontend, backend } = snapshot.config;
    const configured = Math.ceil(frontend.http.maxConnections * share);
    clients.max = connectionLimit(configured, openFiles, (message) => log.warn(message));
    pools.maxIdle = backend.http.maxIdleConns;
    issued.validation = this.#validations.of(snapshot.config);
  }
}

/** What requests enter. */
class Live implements CurrentSnapshot {
  /** Set before the first port is bound. */
  snapshot!: CompiledSnapshot;
  draining = false;
  /** Whether the first configuration is in effect. */
  ready = false;

  get current(): this | null {
    return this.ready ? this : null;
  }
}

/** Certificates of listeners, each once, and when they end, s since 1970. */
function certificateEnds({ listeners, managementTls }: Config, issued: IssuedCertificates): CertificateEnd[] {
  const configured = [...listeners.map(({ tls }) => tls), managementTls].flatMap((tls) => tls?.certificates ?? []);
  const ends = new Map(configured.map(({ source, validity }) => [source, validity.to]));
  for (const { names, cert } of issued.list) ends.set(`acme:${names.join(",")}`, validityOf(cert).to);
  return [...ends].map(([file, at]) => ({ file, at: at / 1000 }));
}

function labelsOf(config: Config): LabelChoice {
  const { includePathLabel, includeMethodLabel, includeStatusLabel } = config.metrics;
  return { path: includePathLabel, method: includeMethodLabel, status: includeStatusLabel };
}
