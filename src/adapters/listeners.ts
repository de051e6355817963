// A set of ports: binds new ones without closing those that stay.
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
  #bound: ReadonlyMap<string, Bound> = new Map();
  /** Those no longer wanted, until their last connection ends, with what settles when the port is closed. */
  readonly #leaving = new Map<Listener, Promise<void>>();

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
    const next = this.#held(wanted);
    const fresh: Listener[] = [];
    const takers = new Map<string, ConnectionHandler>();
    const cancel = () => {
      for (const taker of takers.values()) taker.stop();
      for (const listener of fresh) listener.destroy();
    };
    try {
      for (const want of wanted) {
        const current = next.get(want.name);
        if (current !== undefined) {
          // Made here, not at the commit: making a server may fail, committing may not.
          if (current.key !== want.key) takers.set(want.name, want.make());
          continue;
        }
        const listener = new Listener(want, want.make());
        fresh.push(listener);
        next.set(want.name, { listener, key: want.key });
        await this.#left(want);
        await listener.listen();
      }
    } catch (error) {
      cancel();
      throw error;
    }
    return { cancel, commit: () => this.#commit(wanted, next, takers) };
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
    return [...[...this.#bound.values()].map((b) => b.listener), ...this.#leaving.keys()];
  }

  /** Those that are bound where they are wanted, by the name they are wanted under, which may be a new one. */
  #held(wanted: readonly WantedListener[]): Map<string, Bound> {
    const held = new Map<string, Bound>();
    const free = new Map(this.#bound);
    const hold = (want: WantedListener, name: string, bound: Bound | undefined) => {
      if (held.has(want.name) || bound === undefined || !sameAddress(bound.listener.address, want)) return;
      held.set(want.name, bound);
      free.delete(name);
    };
    for (const [name, { listener }] of free) {
      if (!listener.isLost) continue;
      listener.abandon();
      free.delete(name);
    }
    for (const want of wanted) hold(want, want.name, free.get(want.name));
    for (const want of wanted) for (const [name, bound] of free) hold(want, name, bound);
    return held;
  }

  /** Waits for a listener that left a moment ago to give its address up. */
  async #left(address: BindAddress): Promise<void> {
    for (const [listener, closed] of this.#leaving) if (sameAddress(listener.address, address)) await closed;
  }

  #commit(
    wanted: readonly WantedListener[],
    next: ReadonlyMap<string, Bound>,
    takers: ReadonlyMap<string, ConnectionHandler>,
  ): void {
    const known = new Set([...this.#bound.values()].map((b) => b.listener));
    for (const want of wanted) {
      const bound = next.get(want.name)!;
      const taker = takers.get(want.name);
      if (taker !== undefined) {
        bound.listener.replace(taker);
        bound.key = want.key;
      } else if (want.tls !== null && known.has(bound.listener)) bound.listener.certify(want.tls);
      bound.listener.allow(want.socketMode);
    }
    const kept = new Set([...next.values()].map((b) => b.listener));
    for (const listener of known) if (!kept.has(listener)) this.#leave(listener);
    this.#bound = next;
  }

  /** A port that is no longer wanted: its clients are told with their next reply; who asks nothing more is closed at last. */
  #leave(listener: Listener): void {
    listener.announceClose();
    const deadline = performance.now() + GOODBYE_MS;
    const closed = listener.stopAccepting();
    this.#leaving.set(listener, closed);
    void closed.then(() => {
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
