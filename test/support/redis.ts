// Real Redis servers on free ports, each in a folder of its own: alone, watched by a sentinel, or as a cluster.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, killed } from "./children.ts";
import { freePort } from "./ports.ts";
import { eventually } from "./setup.ts";

/** A server that can be killed and started again on its port, with what it has saved. */
export interface RedisServer {
  readonly port: number;
  /** Runs a command line. @returns its output, trimmed */
  cli(...args: string[]): Promise<string>;
  signal(name: NodeJS.Signals): void;
  kill(): Promise<void>;
  /** Again on the same port. */
  start(): Promise<void>;
  /** Kill and clean up. */
  close(): Promise<void>;
}

/** How a server is started. */
export interface RedisSetup {
  /** Further options, `--name value` flat. */
  readonly options?: readonly string[];
  /** Options of `redis-cli`. */
  readonly cli?: readonly string[];
  /** With TLS only, on the port. */
  readonly tls?: boolean;
}

/** Starts a server and waits until it answers. */
export async function startRedis(setup: RedisSetup = {}): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "redis-test-"));
  const listen = setup.tls === true ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)];
  const args = [...listen, "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...(setup.options ?? [])];
  return serve("redis-server", args, port, folder, setup.cli ?? []);
}

async function serve(
  program: string,
  args: readonly string[],
  port: number,
  folder: string,
  cliArgs: readonly string[],
): Promise<RedisServer> {
  let child: ChildProcess | null = null;
  const cli = (...command: string[]) => redisCli(port, [...cliArgs, ...command]);
  const kill = () => killed(child);
  const server: RedisServer = {
    port,
    cli,
    signal: (name) => child?.kill(name),
    kill,
    async start() {
      if (isAlive(child)) return;
      child = spawn(program, [...args], { stdio: "ignore" });
      await eventually(`Redis on ${port} answers`, () => {
        if (!isAlive(child)) throw new Error(`Redis on ${port} has ended: somebody else has taken its port`);
        return cli("PING").then(
          (text) => text === "PONG",
          () => false,
        );
      });
    },
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

function redisCli(port: number, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("redis-cli", ["-p", String(port), "--no-auth-warning", ...args], { timeout: 5000 }, (error, stdout) => {
      if (error === null) resolve(stdout.trim());
      else reject(error);
    });
  });
}

/** Starts a sentinel that knows a master as `main`, and waits until it has seen the replicas. */
export async function startSentinel(master: RedisServer, replicas: number): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "sentinel-test-"));
  const file = join(folder, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    "sentinel down-after-milliseconds main 300",
    "sentinel failover-timeout main 2000",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const sentinel = await serve("redis-server", [file, "--sentinel"], port, folder, []);
  // It asks a master for its replicas every ten seconds, and at once when told anew.
  await eventually("the sentinel knows the replicas", async () => {
    const info = await sentinel.cli("INFO", "sentinel");
    return info.includes(`slaves=${replicas}`);
  });
  return sentinel;
}

/** Twelve ports are found free and taken a moment later: now and then somebody else is quicker. */
function insisting<T>(start: () => Promise<T>): Promise<T> {
  return start().catch(start).catch(start);
}

/** Starts a cluster of masters with a replica each, and waits until it is fine. */
export async function startCluster(masters: number): Promise<readonly RedisServer[]> {
  const options = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "500",
    "--cluster-replica-validity-factor",
    "0",
  ];
  const nodes = await Promise.all(
    Array.from({ length: masters * 2 }, () =>
      insisting(async () => startRedis({ options: [...options, "--cluster-port", String(await freePort())] })),
    ),
  );
  const addresses = nodes.map((node) => `127.0.0.1:${node.port}`);
  await redisCli(nodes[0]!.port, ["--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes"]);
  await eventually("every node knows a whole cluster", async () => {
    const infos = await Promise.all(nodes.map((node) => node.cli("CLUSTER", "INFO")));
    return infos.every((info) => info.includes("cluster_state:ok"));
  });
  return nodes;
}
