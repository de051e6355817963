// Sessions in Redis, shared by gateways; cookies contain only an encrypted id. Loaded only if it is configured.
import { randomBytes } from "node:crypto";
import type { Cluster, Redis } from "ioredis";
import { openRedis, type RedisOptions } from "../../wire/redis.ts";
import { LoginFault } from "./fault.ts";
import type { Sealer } from "./sealing.ts";
import { type Session, sessionOf, sessionText } from "./session.ts";
import type { SessionStore } from "./store.ts";

/** Prefix of all keys. */
const PREFIX = "gateway:session:";
/** Hash tags put both keys of a session on the same node of a cluster. */
const keyOf = (id: string) => `${PREFIX}{${id}}`;
const lockOf = (id: string) => `${PREFIX}{${id}}:refresh`;
const PURPOSE = "session in a store";
const ID_PURPOSE = "session id";
/** Timeout of a command, ms. */
const COMMAND_MS = 2_000;
/** Lifetime of the lock for a refresh, ms: more than its requests to the provider can take. */
const LOCK_MS = 30_000;
/** Interval of polling while another gateway refreshes the session, ms. */
const LOOK_MS = 100;

const RELEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`;
const SCRIPTS = { sessionRelease: { lua: RELEASE, numberOfKeys: 1 } } as const;

type Scripted = { readonly sessionRelease: (key: string, owner: string) => Promise<number> };

/** Values are encrypted like cookies. */
export class RedisSessionStore implements SessionStore {
  readonly freshMs = 5_000;
  readonly renewsCookies = false;
  readonly #sealer: Sealer;
  readonly #client: RedisSessionClient & Scripted;

  constructor(sealer: Sealer, client: RedisSessionClient) {
    this.#sealer = sealer;
    this.#client = client as RedisSessionClient & Scripted;
  }

  textOf({ id }: Session): string {
    return this.#sealer.seal(ID_PURPOSE, id);
  }

  async open(text: string): Promise<Session | null> {
    const id = this.#sealer.open(ID_PURPOSE, text);
    return id === null ? null : await this.#read(id);
  }

  async add(session: Session): Promise<void> {
    await this.#ask(this.#client.set(keyOf(session.id), this.#sealed(session), "PX", leftOf(session)));
  }

  async update(session: Session, refresh: (session: Session) => Promise<Session>): Promise<Session | null> {
    const { id } = session;
    const owner = randomBytes(16).toString("hex");
    try {
      if (!(await this.#lock(session, owner))) return session;
      const newest = await this.#read(id);
      if (newest === null || newest.generation > session.generation) return newest;
      const fresh = await refresh(session);
      // The refresh token has been used: if it cannot be stored, this process at least has the new one.
      const kept = await this.#ask(this.#client.set(keyOf(id), this.#sealed(fresh), "PX", leftOf(fresh), "XX")).catch(
        () => "unknown",
      );
      return kept === null ? null : fresh;
    } finally {
      // Also after a timeout, because the lock may still be taken later. If it cannot be released, it expires.
      void this.#ask(this.#client.sessionRelease(lockOf(id), owner)).catch(() => undefined);
    }
  }

  async remove({ id }: Session): Promise<void> {
    await this.#ask(this.#client.del(keyOf(id)));
  }

  /** Takes the lock for a refresh; false: another gateway has it, and the tokens are still valid. */
  async #lock({ id, tokensEndAt }: Session, owner: string): Promise<boolean> {
    const end = performance.now() + LOCK_MS;
    while ((await this.#ask(this.#client.set(lockOf(id), owner, "PX", LOCK_MS, "NX"))) === null) {
      if (Date.now() < tokensEndAt) return false;
      if (performance.now() > end) throw new LoginFault("down", "another gateway is refreshing the session");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return true;
  }

  #sealed(session: Session): string {
    return this.#sealer.seal(PURPOSE, sessionText(session));
  }

  async #read(id: string): Promise<Session | null> {
    const sealed = await this.#ask(this.#client.get(keyOf(id)));
    const opened = sealed === null ? null : this.#sealer.open(PURPOSE, sealed);
    const session = opened === null ? null : sessionOf(opened);
    return session?.id === id ? session : null; // otherwise it was copied from another key
  }

  /** Waits for a reply with a timeout. Errors contain no values. */
  async #ask<T>(reply: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("Redis did not answer")), COMMAND_MS);
    });
    try {
      return await Promise.race([reply, late]);
    } catch (error) {
      throw new LoginFault("down", `session store: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Remaining lifetime, ms. */
function leftOf({ endsAt }: Session): number {
  return Math.max(1, Math.floor(endsAt - Date.now()));
}

/** A connection to Redis. */
export type RedisSessionClient = Redis | Cluster;

/** Opens a connection, which the caller must disconnect. */
export function openSessionClient(options: RedisOptions): RedisSessionClient {
  const client = openRedis(options, Math.random, {
    scripts: SCRIPTS,
    enableOfflineQueue: true,
    maxRetriesPerRequest: 1,
  });
  // Errors are reported by the commands.
  client.on("error", () => undefined);
  return client;
}
