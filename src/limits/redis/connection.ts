// Connections to Redis for limits: kept open, used in turn, reopened when they hang.
import { type Cluster, Redis } from "ioredis";
import { openRedis, type RedisOptions } from "../../wire/redis.ts";
import { reasonOf } from "./reason.ts";
import { BEAT_SCRIPT, LEAVE_SCRIPT, limitScripts } from "./scripts.ts";

/** Names of the scripts. */
type Script = "token_bucket" | "leaky_bucket" | "sliding_window" | "beat" | "leave";

/** Scripts on a Redis that comes and goes. */
export interface Commands {
  /** Whether any connection takes commands now. */
  readonly ready: boolean;
  /** @throws Error (rejects) if there is no connection, it broke, or Redis refused; the command may still have run */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Reopens connections that do not answer a command or the greeting, and those that have given up. Called at intervals. */
  watch(): void;
  close(): void;
}

/** What happens to connections. `reason` is one word, without a secret. */
export interface ConnectionEvents {
  ready(): void;
  /** No connection is left. */
  lost(): void;
  failed(reason: string): void;
}

/** One connection, or those to a cluster. */
interface Line {
  readonly client: Redis | Cluster;
  /** Commands sent and not answered. */
  pending: number;
  /** When the last answer came, or the first command after a time without any was sent, ms. */
  heardAt: number;
  /** Since when a server that accepted the connection has not answered the greeting, ms; -1: nothing is waited for. */
  greetedAt: number;
}

type Named = Readonly<Record<Script, (...args: (string | number)[]) => Promise<unknown>>>;

const SCRIPTS: Readonly<Record<Script, { readonly lua: string; readonly numberOfKeys: number }>> = {
  ...(Object.fromEntries(
    Object.entries(limitScripts()).map(([name, lua]) => [name, { lua, numberOfKeys: 1 }]),
  ) as Record<keyof ReturnType<typeof limitScripts>, { lua: string; numberOfKeys: number }>),
  beat: { lua: BEAT_SCRIPT, numberOfKeys: 2 },
  leave: { lua: LEAVE_SCRIPT, numberOfKeys: 1 },
};

/** Opens connections at once and keeps them open until it is closed. */
export class Connections implements Commands {
  readonly #lines: readonly Line[];
  readonly #silenceMs: number;
  readonly #greetingMs: number;
  readonly #now: () => number;
  readonly #corked = new Set<NodeJS.WritableStream>();
  #turn = 0;

  /** @param now monotonic, ms */
  constructor(options: RedisOptions, events: ConnectionEvents, now: () => number, random: () => number) {
    this.#silenceMs = options.silenceMs;
    this.#greetingMs = options.connectTimeoutMs;
    this.#now = now;
    this.#lines = Array.from({ length: options.connections }, () => {
      const client = openRedis(options, random, {
        scripts: SCRIPTS,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
      });
      const line: Line = { client, pending: 0, heardAt: 0, greetedAt: -1 };
      client.on("connect", () => {
        line.greetedAt = now();
      });
      client.on("ready", () => {
        line.greetedAt = -1;
        events.ready();
      });
      client.on("close", () => {
        line.greetedAt = -1;
        if (!this.ready) events.lost();
      });
      client.on("error", (error: Error) => events.failed(reasonOf(error)));
      return line;
    });
  }

  get ready(): boolean {
    return this.#lines.some(({ client }) => client.status === "ready");
  }

  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const line = this.#next();
    if (line === undefined) return Promise.reject(new Error("not connected"));
    const { client } = line;
    if (client instanceof Redis) this.#cork(client);
    if (line.pending++ === 0) line.heardAt = this.#now();
    const heard = () => {
      line.pending--;
      line.heardAt = this.#now();
    };
    const reply = (client as unknown as Named)[script](...keys, ...args);
    reply.then(heard, heard);
    return reply;
  }

  watch(): void {
    for (const line of this.#lines) {
      const { client } = line;
      // A fail-over announced during a query to a sentinel ends a client permanently: it does not reconnect.
      if (client.status === "end") client.connect().catch(() => undefined);
      if (!this.#isSilent(line)) continue;
      if (client instanceof Redis) client.stream.destroy();
      else client.disconnect(true);
    }
  }

  close(): void {
    for (const { client } of this.#lines) {
      client.disconnect();
      // A server that hangs does not answer the end of the connection.
      if (client instanceof Redis) client.stream?.destroy();
    }
  }

  #isSilent({ client, pending, heardAt, greetedAt }: Line): boolean {
    if (client.status !== "ready") return passed(this.#greetingMs, greetedAt, this.#now());
    return pending > 0 && passed(this.#silenceMs, heardAt, this.#now());
  }

  /** The next one in turn that is connected. */
  #next(): Line | undefined {
    for (let i = 0; i < this.#lines.length; i++) {
      this.#turn = (this.#turn + 1) % this.#lines.length;
      const line = this.#lines[this.#turn]!;
      if (line.client.status === "ready") return line;
    }
    return undefined;
  }

  /** All commands of one turn of the event loop leave in one write. */
  #cork(client: Redis): void {
    const { stream } = client;
    if (this.#corked.has(stream)) return;
    this.#corked.add(stream);
    stream.cork();
    setImmediate(() => {
      this.#corked.delete(stream);
      stream.uncork();
    });
  }
}

/** Whether `ms` have passed; never with 0, or when nothing began. */
function passed(ms: number, since: number, now: number): boolean {
  return ms > 0 && since >= 0 && now - since >= ms;
}
