// Several ports together: what is wanted bound is brought about without dropping what is bound already.
import type { ServerTls } from "../tls/server-tls.ts";
import { type BindAddress, type ConnectionHandler, GOODBYE_MS, Listener, sameAddress } from "./listener.ts";

/** A port or UNIX socket that is wanted. */
export interface WantedListener extends BindAddress {
  readonly name: string;
  /** Equal for servers that behave the same: then the running one stays. */
  readonly key: string;
  /** Certificates, which are exchanged without a new server; null: no TLS. */
  readonly tls: ServerTls | null;
  make(): ConnectionHandler;
}

/** A port or UNIX socket that is bound. */
export interface ListenerAddress extends Omit<BindAddress, "socketMode"> {
  readonly name: string;
}

interface Bound {
  readonly listener: Listener;
  key: string;
}

/** Listeners bound but not yet in use: {@link commit} or {@link cancel} it. */
export interface PreparedListeners {
  commit(): void;
  cancel(): void;
}

/** All listeners by what they are for. */
export class Listeners {
  #bound = new Map<string, Bound>();
  readonly #leaving = new Set<Listener>();

  /** Client connections open. */
  get connections(): number {
    return this.#all().reduce((sum, listener) => sum + listener.connections, 0);
  }

  /** Client connections open on one of them; 0 when it is not bound. */
  connectionsOf(name: string): number {
    return this.#bound.get(name)?.listener.connections ?? 0;
  }

  /** What is bound. */
  get addresses(): readonly ListenerAddress[] {
    return [...this.#bound].map(([name, { listener }]) => {
      const { host, socket } = listener.address;
      return { name, host, port: listener.boundPort, socket };
    });
  }

  /**
   * Binds what is wanted and is not bound yet.
   * @throws the system's error for the first port that cannot be bound; ports bound until then are closed again
   */
  async prepare(wanted: readonly WantedListener[]): Promise<PreparedListeners> {
    const fresh = new Map<string, Bound>();
    const takers = new Map<string, ConnectionHandler>();
    const cancel = () => {
      for (const taker of takers.values()) taker.stop();
      for (const { listener } of fresh.values()) listener.destroy();
    };
    try {
      for (const want of wanted) {
        const current = this.#bound.get(want.name);
        if (current !== undefined && sameAddress(current.listener.address, want)) {
          // Made here, not at the commit: making a server may fail, committing may not.
          if (current.key !== want.key) takers.set(want.name, want.make());
          continue;
        }
        const listener = new Listener(want, want.make());
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
    wanted: readonly WantedListener[],
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
      } else if (want.tls !== null && !fresh.has(want.name)) bound.listener.certify(want.tls);
      bound.listener.allow(want.socketMode);
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
}
