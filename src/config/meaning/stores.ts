// The stores of limits, inferred from `redis` and `rateLimitStorage`.
import { hostPort } from "../../wire/authority.ts";
import type { RedisStoreConfig, StoreConfigs } from "../config.ts";
import { hostPortMeant } from "../schema/hosts.ts";
import type { RedisSection } from "../schema/redis.ts";
import type { Written } from "../schema/root.ts";
import { didYouMean } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

/** Name under which a store is shown: `default` is shown by the name of the store that it stands for. */
export function storeTitle(stores: StoreConfigs, name: string): string {
  return stores.get(name)?.name ?? "memory";
}

/** Longest budget accepted, ms. */
const MAX_BUDGET_MS = 5_000;

/** Every name `storage` and `rateLimitStorage` may say. `default` is the one that is used where none is named. */
export function storeNames(written: Written): ReadonlySet<string> {
  const shared = written.redis?.enabled === true ? ["redis"] : [];
  return new Set(["default", "memory", ...shared, ...Object.keys(written.rateLimitStorage.stores)]);
}

/** Every block of Redis that is in use, and where it is written. */
export function redisBlocks(written: Written): { readonly place: Place; readonly redis: RedisSection }[] {
  const named = Object.entries(written.rateLimitStorage.stores).map(([name, { redis }]) => ({
    place: ["rateLimitStorage", "stores", name, "redis"],
    redis,
  }));
  return [{ place: ["redis"], redis: written.redis }, ...named].flatMap(({ place, redis }) =>
    redis?.enabled === true ? [{ place, redis }] : [],
  );
}

/** Infers the stores and checks their settings. */
export function readStores(draft: Draft): StoreConfigs {
  const { written } = draft;
  for (const { place, redis } of redisBlocks(written)) checkRedis(draft, redis, place);
  const stores = new Map<string, RedisStoreConfig | null>([["memory", null]]);
  if (written.redis?.enabled === true) {
    stores.set("redis", { name: "redis", redis: written.redis, onFailure: "local", onLoss: "spent" });
  }
  for (const [name, section] of Object.entries(written.rateLimitStorage.stores)) {
    const path = ["rateLimitStorage", "stores", name];
    const fail = (key: string, why: string) => draft.error([...path, key], `store "${name}": ${why}`);
    const type = section.type ?? (section.redis === null ? "memory" : "redis");
    if (name === "default") fail("", "the name is reserved; choose another, and write rateLimitStorage.default: NAME");
    if (name === "memory" && type !== "memory") fail("type", "the store memory is predefined; choose another name");
    if (type === "memory") {
      if (section.redis !== null) fail("redis", "a store of type memory cannot have redis");
      if (section.onFailure !== null) fail("onFailure", "onFailure has no effect with type memory");
      if (section.onLoss !== null) fail("onLoss", "onLoss has no effect with type memory");
      stores.set(name, null);
      continue;
    }
    const redis = section.redis ?? written.redis;
    if (redis?.enabled !== true) {
      fail(
        "type",
        redis === null ? "type redis needs a redis block, here or at the top level" : "its redis is not enabled",
      );
      continue;
    }
    stores.set(name, { name, redis, onFailure: section.onFailure ?? "local", onLoss: section.onLoss ?? "spent" });
  }
  const wanted = written.rateLimitStorage.default || (stores.has("redis") ? "redis" : "memory");
  if (wanted !== "default" && !storeNames(written).has(wanted)) {
    const hint = didYouMean(wanted, stores.keys());
    draft.error(["rateLimitStorage", "default"], `unknown store "${wanted}"${hint}`);
  }
  return stores.set("default", stores.get(wanted) ?? null);
}

function checkRedis(draft: Draft, redis: RedisSection, place: Place): void {
  const name = dotted(place);
  const fail = (key: string, why: string) => draft.error([...place, key], `${name}: ${why}`);
  if (redis.cluster && redis.sentinel) fail("sentinel", "cluster and sentinel are mutually exclusive");
  if (redis.cluster && redis.clusterNodes.length === 0) fail("cluster", "cluster needs clusterNodes");
  if (redis.cluster && redis.db !== 0) fail("db", "a cluster has only db 0");
  if (redis.sentinel && redis.sentinelNodes.length === 0) fail("sentinel", "sentinel needs sentinelNodes");
  if (redis.sentinel && redis.masterName === "") fail("sentinel", "sentinel needs masterName");
  for (const [kind, key] of [
    ["cluster", "clusterNodes"],
    ["sentinel", "sentinelNodes"],
  ] as const) {
    if (!redis[kind] && redis[key].length > 0) {
      draft.warn([...place, key], `${name}: ${key} has no effect without ${kind}: true`);
    }
    for (const text of redis[key])
      if (hostPort(text) === null) fail(key, `"${text}" is not host:port${hostPortMeant(text)}`);
  }
  if (redis.budget === 0 || redis.budget > MAX_BUDGET_MS) fail("budget", "budget must be above 0 and at most 5s");
  if (redis.minRetryBackoff > redis.maxRetryBackoff)
    fail("minRetryBackoff", "minRetryBackoff is above maxRetryBackoff");
  if (redis.minRetryBackoff === 0) fail("minRetryBackoff", "minRetryBackoff must be above 0");
  if (redis.tls.enabled && redis.tls.insecureSkipVerify) {
    draft.warn([...place, "tls", "insecureSkipVerify"], `${name}: certificates are not verified`);
  }
  if (!redis.tls.enabled && (redis.tls.caFile !== "" || redis.tls.certFile !== "")) {
    draft.warn([...place, "tls"], `${name}.tls has no effect without enabled: true`);
  }
  if ((redis.tls.certFile === "") !== (redis.tls.keyFile === ""))
    fail("tls", "certFile and keyFile must be set together");
}
