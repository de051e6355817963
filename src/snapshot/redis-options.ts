// Compiles a `redis` block into options of the Redis client.
import type { ConnectionOptions } from "node:tls";
import type { Config, RedisConfig } from "../config/config.ts";
import { hostPort } from "../wire/authority.ts";
import type { RedisOptions } from "../wire/redis.ts";

/** The options of a `redis` block, with the files it names. */
export function redisOptions(redis: RedisConfig, config: Pick<Config, "tlsFiles">): RedisOptions {
  const kind = redis.cluster ? "cluster" : redis.sentinel ? "sentinel" : "single";
  const nodes = { single: [], sentinel: redis.sentinelNodes, cluster: redis.clusterNodes }[kind].map(
    (text) => hostPort(text)!,
  );
  const silences = [redis.readTimeout, redis.writeTimeout].filter((ms) => ms > 0);
  return {
    kind,
    nodes: kind === "single" ? [{ host: redis.host, port: redis.port }] : nodes,
    master: redis.masterName,
    sentinelPassword: redis.sentinelPassword,
    username: redis.username,
    password: redis.password,
    db: redis.db,
    connections: redis.maxActive,
    connectTimeoutMs: redis.connectTimeout,
    silenceMs: silences.length === 0 ? 0 : Math.min(...silences),
    maxRetries: redis.maxRetries,
    minBackoffMs: redis.minRetryBackoff,
    maxBackoffMs: redis.maxRetryBackoff,
    tls: redis.tls.enabled ? tlsOptions(redis.tls, config) : null,
  };
}

function tlsOptions(tls: RedisConfig["tls"], config: Pick<Config, "tlsFiles">): ConnectionOptions {
  const ca = config.tlsFiles.get(tls.caFile);
  const cert = config.tlsFiles.get(tls.certFile);
  const key = config.tlsFiles.get(tls.keyFile);
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(tls.serverName === "" ? {} : { servername: tls.serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
