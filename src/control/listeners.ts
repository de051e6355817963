// The ports of the process: what a configuration wants bound, brought about without dropping what is bound already.
import { HttpFront } from "../adapters/front.ts";
import { metricsServer } from "../adapters/http/metrics-server.ts";
import { type ConnectionHandler, GOODBYE_MS, Listener } from "../adapters/listener.ts";
import type { HttpServerOptions } from "../adapters/options.ts";
import type { Config } from "../config/config.ts";
import type { Gateway } from "../core/gateway.ts";
import { digest } from "../snapshot/digest.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { type ManagementSettings, managementSettings } from "./management/settings.ts";
import { grpcOptions, serverOptions, websocketOptions } from "./server-options.ts";

/** Opens the server of the management listener. */
export type OpenManagement = (settings: ManagementSettings) => ConnectionHandler;

interface Wanted {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Equal for servers that behave the same: then the running one stays. */
  readonly key: string;
  make(): ConnectionHandler;
}

interface Bound {
  readonly listener: Listener;
  key: string;
}

/** Listeners bound but not yet in use: {@link commit} or {@link cancel} it. */
export interface Prepared {
  commit(): void;
  cancel(): void;
}

/** All listeners by what they are for. */
export class Listeners {
  readonly #gateway: Gateway;
  readonly #runtime: Runtime;
  readonly #openManagement: OpenManagement;
  #bound = new Map<string, Bound>();
  readonly #leaving = new Set<Listener>();

  constructor(gateway: Gateway, runtime: Runtime, openManagement: OpenManagement) {
    this.#gateway = gateway;
    this.#runtime = runtime;
    this.#openManagement = openManagement;
  }

  /** Client connections open. */
  get connections(): number {
    return this.#all().reduce((sum, listener) => sum + listener.connections, 0);
  }

  /** Client connections open on one of them; 0 when it is not bound. */
  connectionsOf(name: string): number {
    return this.#bound.get(name)?.listener.connections ?? 0;
  }

  /** `name → host:port` of what is bound. */
  addresses(): { name: string; host: string; port: number }[] {
    return [...this.#bound].map(([name, { listener }]) => ({ name, host: listener.host, port: listener.boundPort }));
  }

  /**
   * Binds what `config` wants and is not bound yet.
   * @throws the system's error for the first port that cannot be bound; ports bound until then are closed again
   */
  async prepare(config: Config): Promise<Prepared> {
    const wanted = this.#wanted(config);
    const fresh = new Map<string, Bound>();
    const takers = new Map<string, ConnectionHandler>();
    const cancel = () => {
      for (const taker of takers.values()) taker.stop();
      for (const { listener } of fresh.values()) listener.destroy();
    };
    try {
      for (const want of wanted) {
        const current = this.#bound.get(want.name);
        if (current?.listener.host === want.host && current.listener.port === want.port) {
          // Made here, not at the commit: making a server may fail, committing may not.
          if (current.key !== want.key) takers.set(want.name, want.make());
          continue;
        }
        const listener = new Listener(want.host, want.port, want.make());
        fresh.set(want.name, { listener, key: want.key });
        await listener.listen();
      }
    } catch (error) {
      cancel();
      throw error;
    }
    return { cancel, commit: () => this.#commit(wanted, fresh, takers) };
  }

  /** Closes the ports, each once nobody waits in its queue; connections live on. */
  async stopAccepting(): Promise<void> {
    await Promise.all(this.#all().map((listener) => listener.stopAccepting()));
  }

  /** Every reply from now on ends its connection, and HTTP/2 clients are told at once. */
  announceClose(): void {
    for (const listener of this.#all()) listener.announceClose();
  }

  closeIdle(): void {
    for (const listener of this.#all()) listener.closeIdle();
  }

  destroy(): void {
    for (const listener of this.#all()) listener.destroy();
  }

  #all(): Listener[] {
    return [...[...this.#bound.values()].map((b) => b.listener), ...this.#leaving];
  }

  #commit(
    wanted: readonly Wanted[],
    fresh: ReadonlyMap<string, Bound>,
    takers: ReadonlyMap<string, ConnectionHandler>,
  ): void {
    const next = new Map<string, Bound>();
    for (const want of wanted) {
      const bound = fresh.get(want.name) ?? this.#bound.get(want.name)!;
      const taker = takers.get(want.name);
      if (taker !== undefined) {
        bound.listener.replace(taker);
        bound.key = want.key;
      }
      next.set(want.name, bound);
    }
    const kept = new Set([...next.values()].map((b) => b.listener));
    for (const { listener } of this.#bound.values()) if (!kept.has(listener)) this.#leave(listener);
    this.#bound = next;
  }

  /** A port that is no longer wanted: its clients are told with their next reply; who asks nothing more is closed at last. */
  #leave(listener: Listener): void {
    this.#leaving.add(listener);
    listener.announceClose();
    const deadline = performance.now() + GOODBYE_MS;
    void listener.stopAccepting().then(() => {
      const timer = setInterval(() => {
        const late = performance.now() - deadline;
        if (late > 0) listener.closeIdle();
        // A peer that vanished never answers our FIN; a request under way is left to its own deadlines.
        if (listener.connections > 0) return;
        clearInterval(timer);
        listener.destroy();
        this.#leaving.delete(listener);
      }, 200);
      timer.unref();
    });
  }

  #wanted(config: Config): Wanted[] {
    const { http, websocket, grpc } = config.frontend;
    const { metrics } = config;
    const list: Wanted[] = [this.#front("http", http.host, http.port, serverOptions(config))];
    if (websocket.enabled === true && websocket.port !== null) {
      list.push(this.#front("websocket", websocket.host || http.host, websocket.port, websocketOptions(config)));
    }
    if (grpc.enabled) list.push(this.#front("grpc", grpc.host || http.host, grpc.port, grpcOptions(config)));
    if (metrics.enabled && metrics.port > 0) {
      list.push({
        name: "metrics",
        host: http.host,
        port: metrics.port,
        key: metrics.path,
        make: () => metricsServer(metrics.path, () => this.#runtime.exposition()),
      });
    }
    const management = managementSettings(config);
    if (management !== null) {
      const { host, port } = management;
      const make = () => this.#openManagement(management);
      list.push({ name: "management", host, port, key: digest(management), make });
    }
    return list;
  }

  #front(name: string, host: string, port: number, options: HttpServerOptions): Wanted {
    const { instanceId, clients, meters, log } = this.#runtime;
    const make = () => new HttpFront(this.#gateway, options, clients, instanceId, meters.handshakesOf(name, log));
    return { name, host, port, key: digest(options), make };
  }
}
