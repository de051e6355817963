// A real HAProxy in front of other ports, as a TCP load balancer that announces its clients.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { eventually } from "./setup.ts";

/** One port of HAProxy's. */
export interface Balanced {
  /** Where connections are passed on to: a port of 127.0.0.1. */
  readonly to: number;
  /** Options of HAProxy's `server` line, such as `send-proxy`. */
  readonly options: string;
}

/** A running HAProxy. */
export interface HaProxy {
  /** Its ports of 127.0.0.1, in the order that was asked for. */
  readonly ports: readonly number[];
  close(): Promise<void>;
}

/** Starts HAProxy and waits until its ports are bound. @throws Error with its output when it ends instead */
export async function startHaProxy(balanced: readonly Balanced[]): Promise<HaProxy> {
  const folder = mkdtempSync(join(tmpdir(), "haproxy-test-"));
  const ports = await Promise.all(balanced.map(() => freePort()));
  const sections = balanced.map(
    ({ to, options }, i) => `listen l${i}\n  bind 127.0.0.1:${ports[i]}\n  server s 127.0.0.1:${to} ${options}\n`,
  );
  const file = join(folder, "haproxy.cfg");
  const times = ["connect", "client", "server"].map((name) => `  timeout ${name} 20s\n`).join("");
  writeFileSync(file, `global\n  maxconn 100\ndefaults\n  mode tcp\n${times}${sections.join("")}`);
  const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
  await eventually("HAProxy is bound", () => {
    if (child.exitCode !== null) throw new Error(`HAProxy ended with ${child.exitCode}:\n${said}`);
    return isOpen(ports.at(-1)!);
  });
  return {
    ports,
    async close() {
      child.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  }).then((open) => {
    socket.destroy();
    return open as boolean;
  });
}
