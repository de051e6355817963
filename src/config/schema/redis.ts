// `redis` and `rateLimitStorage`: where limits are counted when one process is not enough.

import { type Entry, type Node, textOf } from "../text/tree.ts";
import type { Field, Infer, Reading } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { bool, dur, durMs, int, oneOf, str, strings } from "./scalars.ts";

/** Older files size a pool in which one request holds a connection; here one connection carries them all. */
const MAX_CONNECTIONS = 64;
const count = int(
  "connections, used in turn; one carries any number of decisions at a time; 64 at most are opened",
  1,
  1,
);
const connections: Field<number> = {
  ...count,
  read(node, path, reading) {
    const written = count.read(node, path, reading);
    if (written <= MAX_CONNECTIONS) return written;
    reading.problems.warn(
      node.at,
      `${path}: of ${written} connections ${MAX_CONNECTIONS} are opened; one or two suffice`,
    );
    return MAX_CONNECTIONS;
  },
};

const block = object("A Redis", {
  enabled: bool("false: as if the block were not there", true),
  host: host("server", "localhost"),
  port: int("its port", 6379, 1, 65535),
  username: str("ACL user; empty = the default user", ""),
  password: str("its password", ""),
  db: int("number of the database; a cluster has only 0", 0),
  maxActive: connections,
  budget: durMs("longest wait for one decision; then `onFailure` decides", 25),
  connectTimeout: dur("opening a connection", 10_000),
  readTimeout: dur("a connection on which no reply comes for so long is opened anew; 0 = never", 5_000),
  writeTimeout: dur("as readTimeout; the shorter of the two counts", 5_000),
  maxRetries: int("cluster: redirections followed for one decision", 3),
  minRetryBackoff: durMs("pause before the first try to connect again; doubles with each, with jitter", 8),
  maxRetryBackoff: durMs("longest such pause", 512),
  cluster: bool("`clusterNodes` are nodes of a cluster", false),
  clusterNodes: strings("`host:port`; some suffice, the rest is found"),
  sentinel: bool("`sentinelNodes` know the server", false),
  masterName: str("name the sentinels have for it", ""),
  sentinelNodes: strings("`host:port`"),
  sentinelPassword: str("password of the sentinels", ""),
  tls: object("TLS to Redis, and to its sentinels", {
    enabled: bool("use TLS", false),
    insecureSkipVerify: bool("do not verify certificates (warned)", false),
    serverName: str("name to send and expect; empty = the host", ""),
    caFile: str("PEM trust anchors; empty = the runtime's", ""),
    certFile: str("PEM client certificate", ""),
    keyFile: str("PEM key of the client certificate", ""),
  }),
});

/** A block of all `redis.*` keys. */
const redisBlock: Field<Infer<typeof block>> = {
  ...block,
  read: (node, path, reading) => block.read(respelled(node, path, reading), path, reading),
};

/** `redis`. */
export const redis = optional({
  ...redisBlock,
  doc: "Redis that limits are shared through, by every rule unless `rateLimitStorage` says otherwise",
});

/** `rateLimitStorage`. */
export const rateLimitStorage = object("Stores that limits are counted in", {
  default: str("store of limits that name none; default `redis` if that block is there, else `memory`", ""),
  stores: mapOf(
    "name → store; `memory`, `default`, and `redis` if that block is there, exist without being named",
    object("One store", {
      type: optional(oneOf("default `redis` with a `redis` block, else `memory`", ["memory", "redis"])),
      redis: optional({ ...redisBlock, doc: "default: the block `redis` at the top" }),
      onFailure: optional(
        oneOf(
          "while Redis does not answer, default local: `local` = each gateway enforces its share of the limit · `deny` = 503 · `allow` = no limit",
          ["local", "deny", "allow"],
        ),
      ),
      onLoss: optional(
        oneOf(
          "keys whose count is out of reach or lost, default spent: `spent` = used up, so that the limit holds whatever happens · `fresh` = unused",
          ["spent", "fresh"],
        ),
      ),
    }),
  ),
});

/** Effective `redis`. */
export type RedisSection = Infer<typeof block>;

/** `addresses` and a `cluster` block, as older files have them, in the keys of today. */
function respelled(node: Node, path: string, reading: Reading): Node {
  if (node.kind !== "map") return node;
  const entries = new Map(node.entries);
  const { problems } = reading;
  const cluster = entries.get("cluster");
  if (cluster?.value.kind === "map") {
    const { enabled, addresses, ...unknown } = Object.fromEntries(cluster.value.entries) as Partial<
      Record<string, Entry>
    >;
    for (const [key, entry] of Object.entries(unknown)) {
      problems.error(entry!.keyAt, `unknown key "${key}" in ${path}.cluster`);
    }
    problems.warn(cluster.keyAt, `"${path}.cluster.addresses" is an old spelling of "${path}.clusterNodes"`);
    const on: Node = { kind: "scalar", at: cluster.value.at, value: true };
    entries.set("cluster", enabled ?? { keyAt: cluster.keyAt, value: on });
    move(entries, "clusterNodes", addresses, path, reading);
  }
  const addresses = entries.get("addresses");
  if (addresses === undefined) return { ...node, entries };
  entries.delete("addresses");
  const inCluster = isTrue(entries.get("cluster")?.value);
  const to = inCluster ? `"${path}.clusterNodes"` : `"${path}.host" and "${path}.port"`;
  problems.warn(addresses.keyAt, `"${path}.addresses" is an old spelling of ${to}`);
  if (inCluster) move(entries, "clusterNodes", addresses, path, reading);
  else moveServer(entries, addresses, path, reading);
  return { ...node, entries };
}

function moveServer(entries: Map<string, Entry>, { keyAt, value }: Entry, path: string, reading: Reading): void {
  const items = value.kind === "list" ? value.items : [value];
  const [first] = items;
  const match = first?.kind === "scalar" ? /^(.+):(\d+)$/.exec(textOf(first)) : null;
  if (items.length !== 1 || match === null) {
    reading.problems.error(keyAt, `${path}.addresses: expected one host:port; several need cluster or sentinel`);
    return;
  }
  const scalar = (text: string): Entry => ({ keyAt, value: { kind: "scalar", at: value.at, value: text } });
  move(entries, "host", scalar(match[1]!), path, reading);
  move(entries, "port", scalar(match[2]!), path, reading);
}

function move(
  entries: Map<string, Entry>,
  key: string,
  entry: Entry | undefined,
  path: string,
  reading: Reading,
): void {
  if (entry === undefined) return;
  if (!entries.has(key)) entries.set(key, entry);
  else reading.problems.error(entry.keyAt, `${path}: addresses and ${key} exclude each other; keep ${key}`);
}

function isTrue(node: Node | undefined): boolean {
  return node?.kind === "scalar" && /^(true|yes|on)$/i.test(textOf(node));
}
