// Opens connections to Redis: one server, a master found by sentinels, or a cluster. Loaded only when a store needs it,
// because the client is a large library.
import type { ConnectionOptions } from "node:tls";
import { Cluster, Redis } from "ioredis";

/** A host and its port. */
interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How Redis is reached. */
export interface RedisOptions {
  readonly kind: "single" | "sentinel" | "cluster";
  /** The server, the sentinels, or nodes of the cluster. */
  readonly nodes: readonly HostPort[];
  /** Name of the master; sentinels only. */
  readonly master: string;
  readonly sentinelPassword: string;
  readonly username: string;
  readonly password: string;
  readonly db: number;
  /** Taken in turn. */
  readonly connections: number;
  /** For the connection, and again for the answers to its greeting; 0 = any time. */
  readonly connectTimeoutMs: number;
  /** A connection on which nothing comes for so long, though something is asked, is opened anew. */
  readonly silenceMs: number;
  /** Further nodes a decision is sent to when the first could not take it. */
  readonly maxRetries: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly tls: ConnectionOptions | null;
}

/** Options that differ between the users of Redis. */
interface RedisBehaviour {
  readonly scripts: Readonly<Record<string, { readonly lua: string; readonly numberOfKeys: number }>>;
  /** Whether commands wait until the connection is open. */
  readonly enableOfflineQueue: boolean;
  /** How many lost connections a command survives before it fails. */
  readonly maxRetriesPerRequest: number;
}

/** Connects at once, and reconnects whenever the connection is lost, until the client disconnects it. */
export function openRedis(options: RedisOptions, random: () => number, behaviour: RedisBehaviour): Redis | Cluster {
  return options.kind === "cluster" ? clusterOf(options, random, behaviour) : serverOf(options, random, behaviour);
}

function common(o: RedisOptions, { maxRetriesPerRequest }: RedisBehaviour) {
  return {
    username: o.username === "" ? undefined : o.username,
    password: o.password === "" ? undefined : o.password,
    connectTimeout: o.connectTimeoutMs,
    // Commands on a connection that broke are decided without Redis: sending them again would charge twice.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest,
    // Longest time that a connection which is gone already keeps the process from ending.
    disconnectTimeout: 100,
    disableClientInfo: true,
    connectionName: "gateway",
    ...(o.tls === null ? {} : { tls: o.tls }),
    // A master that became a replica refuses to write: its successor is found by connecting anew.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
  };
}

function serverOf(o: RedisOptions, random: () => number, behaviour: RedisBehaviour): Redis {
  const retryStrategy = (times: number) => backoffMs(o, times, random);
  return new Redis({
    ...common(o, behaviour),
    db: o.db,
    scripts: { ...behaviour.scripts },
    retryStrategy,
    enableOfflineQueue: behaviour.enableOfflineQueue,
    ...(o.kind === "single"
      ? { host: o.nodes[0]!.host, port: o.nodes[0]!.port }
      : {
          sentinels: [...o.nodes],
          name: o.master,
          ...(o.connectTimeoutMs > 0 ? { sentinelCommandTimeout: o.connectTimeoutMs } : {}),
          sentinelRetryStrategy: retryStrategy,
          failoverDetector: true,
          ...(o.sentinelPassword === "" ? {} : { sentinelPassword: o.sentinelPassword }),
          ...(o.tls === null ? {} : { sentinelTLS: o.tls, enableTLSForSentinelMode: true }),
        }),
  });
}

function clusterOf(o: RedisOptions, random: () => number, behaviour: RedisBehaviour): Cluster {
  return new Cluster([...o.nodes], {
    scripts: { ...behaviour.scripts },
    enableOfflineQueue: behaviour.enableOfflineQueue,
    maxRedirections: o.maxRetries,
    retryDelayOnFailover: o.minBackoffMs,
    retryDelayOnClusterDown: o.minBackoffMs,
    clusterRetryStrategy: (times) => backoffMs(o, times, random),
    redisOptions: common(o, behaviour),
  });
}

/** Wait before the next attempt to connect: doubled each time between the bounds, then a random part between half and all. */
function backoffMs(o: RedisOptions, times: number, random: () => number): number {
  const whole = Math.min(o.maxBackoffMs, o.minBackoffMs * 2 ** Math.min(times - 1, 30));
  return whole / 2 + (random() * whole) / 2;
}
