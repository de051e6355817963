// A store in Redis. Loaded only where a configuration names one.
import { randomBytes } from "node:crypto";
import type { Cluster, Redis } from "ioredis";
import { openRedis, type RedisOptions } from "../wire/redis.ts";
import { HeldLeases } from "./held-lease.ts";
import { type AcmeStore, checkKey, checkSize, type Lease, type RecordKey, type StoreTimes } from "./store.ts";

/** Begins all keys. */
const PREFIX = "gateway:acme:";
/** The set of the names of answers: to look for keys would take Redis through all it has. */
const LIST = `${PREFIX}pending`;

/** Takes a lock that nobody holds. One that is empty or would never end was left by a fault, and counts as free. */
const TAKE = `
local held = redis.call("GET", KEYS[1])
if held and held ~= "" and redis.call("PTTL", KEYS[1]) ~= -1 then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`;
const RENEW = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])`;
const RELEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`;

const SCRIPTS = {
  acmeTake: { lua: TAKE, numberOfKeys: 1 },
  acmeRenew: { lua: RENEW, numberOfKeys: 1 },
  acmeRelease: { lua: RELEASE, numberOfKeys: 1 },
} as const;

/** Longest wait for one command, ms. */
const COMMAND_MS = 5000;

type Scripted = Readonly<Record<keyof typeof SCRIPTS, (...args: (string | number)[]) => Promise<number>>>;

/** An {@link AcmeStore} in Redis, which must keep what it is told: it holds private keys and the account. */
export class RedisAcmeStore implements AcmeStore {
  readonly place: string;
  readonly #client: (Redis | Cluster) & Scripted;
  readonly #times: StoreTimes;
  readonly #held: HeldLeases;

  /** @param name as the configuration calls it */
  constructor(name: string, options: RedisOptions, times: StoreTimes) {
    this.place = `redis "${name}"`;
    this.#times = times;
    this.#held = new HeldLeases(times.leaseMs);
    const behaviour = { scripts: SCRIPTS, enableOfflineQueue: true, maxRetriesPerRequest: 1 };
    const client = openRedis(options, Math.random, behaviour);
    // Commands fail, and say so where they were given.
    client.on("error", () => undefined);
    this.#client = client as typeof client & Scripted;
  }

  placeOf(key: RecordKey): string {
    return `${this.place} ${keyOf(key)}`;
  }

  async read(key: RecordKey): Promise<string | null> {
    checkKey(key);
    const name = keyOf(key);
    const text = await this.#ask(name, this.#client.get(name));
    if (text !== null) checkSize(this.placeOf(key), Buffer.byteLength(text));
    return text;
  }

  async write(key: RecordKey, text: string): Promise<void> {
    checkKey(key);
    checkSize(this.placeOf(key), Buffer.byteLength(text));
    const name = keyOf(key);
    const { answerMs } = this.#times;
    const passes = key.section === "answers";
    await this.#ask(name, passes ? this.#client.set(name, text, "PX", answerMs) : this.#client.set(name, text));
    if (!passes) return;
    await this.#ask(LIST, this.#client.sadd(LIST, key.name));
    await this.#ask(LIST, this.#client.pexpire(LIST, answerMs));
  }

  async remove(key: RecordKey): Promise<void> {
    checkKey(key);
    const name = keyOf(key);
    await this.#ask(name, this.#client.del(name));
    if (key.section === "answers") await this.#ask(LIST, this.#client.srem(LIST, key.name));
  }

  answers(): Promise<readonly string[]> {
    return this.#ask(LIST, this.#client.smembers(LIST));
  }

  async sweep(): Promise<void> {
    // Redis does it.
  }

  async lock(name: string): Promise<Lease | null> {
    const section = "locks";
    checkKey({ section, name });
    const key = keyOf({ section, name });
    const owner = randomBytes(16).toString("hex");
    const { leaseMs } = this.#times;
    if ((await this.#ask(key, this.#client.acmeTake(key, owner, leaseMs))) === 0) return null;
    return this.#held.hold({
      renew: async () => (await this.#ask(key, this.#client.acmeRenew(key, owner, leaseMs))) === 1,
      release: async () => void (await this.#ask(key, this.#client.acmeRelease(key, owner))),
    });
  }

  async close(): Promise<void> {
    // Without a connection nobody can be told: the locks run out.
    if (this.#client.status === "ready") await this.#held.close();
    this.#client.disconnect();
  }

  /** The reply, in time. Errors say which key, and never a value: those of the client carry the command. */
  async #ask<T>(key: string, reply: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("no answer")), COMMAND_MS);
    });
    try {
      return await Promise.race([reply, late]);
    } catch (error) {
      throw new Error(`${this.place} ${key}: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function keyOf({ section, name }: RecordKey): string {
  return `${PREFIX}${section}:${name}`;
}
