// The demo as tests use it: the command in a child process, and streams of every kind to its backends.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { WebSocket } from "ws";
import { Greeter } from "./greeter.ts";

/** Where the demo backends are; `grpc` without a scheme. */
export interface DemoUrls {
  readonly http: string;
  readonly webSocket: string;
  readonly events: string;
  readonly grpc: string;
}

/** `gateway demo` in a child process. */
export interface DemoProcess {
  readonly child: ChildProcess;
  /** What it said until it had started. */
  readonly output: string;
  /** What it has said until now. */
  said(): string;
}

/** Starts `gateway demo` and waits until it has said `last`. @throws Error with its output when it ends instead */
export async function startDemo(args: readonly string[], last: string): Promise<DemoProcess> {
  const child = spawn(process.execPath, ["dist/main.js", "demo", ...args], {
    env: { PATH: process.env.PATH, GATEWAY_SHUTDOWN_DELAY: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        text += chunk;
        if (text.includes(last)) resolve();
      });
    }
    child.once("close", (code) => reject(new Error(`gateway demo ended with ${code}:\n${text}`)));
  });
  return { child, output: text, said: () => text };
}

/** One open stream of each kind. */
export async function openStreams(
  at: DemoUrls,
): Promise<{ readonly closeCode: Promise<number>; readonly ended: Promise<unknown> }> {
  const client = new WebSocket(`${at.webSocket}/echo`);
  await once(client, "open");
  const clock = await fetch(`${at.events}/clock`);
  const greeter = new Greeter(at.grpc);
  const call = greeter.start("ListGreetings", { name: "Ann", count: 1000 });
  const failed = once(call, "error").finally(() => greeter.close());
  await once(call, "data");
  return {
    closeCode: once(client, "close").then(([code]) => code as number),
    ended: Promise.all([clock.text(), failed]),
  };
}
