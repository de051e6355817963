// `redis` and `rateLimitStorage`: where limits shared by several processes are counted.

import { type Entry, type Node, textOf } from "../text/tree.ts";
import type { Field, Infer, Reading } from "./field.ts";
import { mapOf, object, optional } from "./fields.ts";
import { host } from "./grammar-scalars.ts";
import { bool, dur, durMs, int, oneOf, str, strings } from "./scalars.ts";

/** Older files size a pool with one connection per request; here one connection carries any number of requests. */
const MAX_CONNECTIONS = 64;
const count = int(
  "connections, used in turn; each carries any number of concurrent decisions; at most 64 are opened",
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
      `${path}: only ${MAX_CONNECTIONS} of ${written} connections are opened; one or two suffice`,
    );
    return MAX_CONNECTIONS;
  },
};

const block = object("A Redis server", {
  enabled: bool("false: ignore the block", true),
  host: host("server", "localhost"),
  port: int("port of the server", 6379, 1, 65535),
  username: str("ACL user; empty = the default user", ""),
  password: str("password of the user", ""),
  db: int("database number; a cluster has only 0", 0),
  maxActive: connections,
  budget: durMs("timeout for one decision; then `onFailure` applies", 25),
  connectTimeout: dur("timeout for connecting", 10_000),
  readTimeout: dur("reconnect if no reply arrives for this long; 0 = never", 5_000),
  writeTimeout: dur("same as readTimeout; the shorter of the two applies", 5_000),
  maxRetries: int("cluster: redirections followed for one decision", 3),
  minRetryBackoff: durMs("delay before the first attempt to reconnect; doubles with each further one, with jitter", 8),
  maxRetryBackoff: durMs("maximum delay between such attempts", 512),
  cluster: bool("`clusterNodes` are nodes of a cluster", false),
  clusterNodes: strings("`host:port`; some are enough, the others are discovered"),
  sentinel: bool("get the server from `sentinelNodes`", false),
  masterName: str("name of the server in the sentinels", ""),
  sentinelNodes: strings("`host:port`"),
  sentinelPassword: str("password of the sentinels", ""),
  tls: object("TLS to Redis and its sentinels", {
    enabled: bool("use TLS", false),
    insecureSkipVerify: bool("do not verify certificates (causes a warning)", false),
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
  doc: "Redis server for shared limits, used by all rules unless `rateLimitStorage` is set",
});

/** `rateLimitStorage`. */
export const rateLimitStorage = object("Stores in which limits are counted", {
  default: str("store of limits that do not set one; default `redis` if that block exists, else `memory`", ""),
  stores: mapOf(
    "name → store; `memory`, `default`, and `redis` if that block exists, are predefined",
    object("One store", {
      type: optional(oneOf("default `redis` with a `redis` block, else `memory`", ["memory", "redis"])),
      redis: optional({ ...redisBlock, doc: "default: the top-level block `redis`" }),
      onFailure: optional(
        oneOf(
          "while Redis does not answer, default local: `local` = each gateway enforces its share of the limit · `deny` = 503 · `allow` = no limit",
          ["local", "deny", "allow"],
        ),
      ),
      onLoss: optional(
        oneOf(
          "state of keys whose count is unreachable or lost, default spent: `spent` = used up, so that the limit always holds · `fresh` = unused",
          ["spent", "fresh"],
        ),
      ),
    }),
  ),
});

/** Effective `redis`. */
export type RedisSection = Infer<typeof block>;

/** Rewrites `addresses` and a `cluster` block of older files to the current keys. */
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
  else reading.problems.error(entry.keyAt, `${path}: addresses and ${key} are mutually exclusive; keep ${key}`);
}

function isTrue(node: Node | undefined): boolean {
  return node?.kind === "scalar" && /^(true|yes|on)$/i.test(textOf(node));
}
