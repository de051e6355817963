// Asks a server one question and checks the answer: readiness and correctness, the same way for every subject.
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchCase } from "./cases.ts";

/** Sends the request of a case once over a new connection; answers what is wrong with the reply, or nothing. */
export function probe(port: number, one: BenchCase, secure = false): Promise<string | undefined> {
  return new Promise((resolve) => {
    const outgoing = (secure ? secureRequest : plainRequest)({
      host: "127.0.0.1",
      port,
      path: one.path,
      method: one.method,
      agent: false,
      rejectUnauthorized: false,
      timeout: 5000,
      headers:
        one.requestBytes > 0 ? { "content-type": "application/octet-stream", "content-length": one.requestBytes } : {},
    });
    outgoing.once("error", (error) => resolve(error.message));
    outgoing.once("timeout", () => outgoing.destroy(new Error("no answer within 5 s")));
    outgoing.once("response", (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once("error", (error) => resolve(error.message));
      response.once("end", () => {
        if (response.statusCode !== 200) resolve(`${one.method} ${one.path} answered ${response.statusCode}`);
        else if (bytes !== one.responseBytes)
          resolve(`${one.method} ${one.path} answered ${bytes} bytes, not ${one.responseBytes}`);
        else resolve(undefined);
      });
    });
    outgoing.end(one.requestBytes > 0 ? "x".repeat(one.requestBytes) : undefined);
  });
}

/** Repeats a probe until it is answered rightly; answers the last complaint once the time is over or the server is dead. */
export async function waitUntilReady(
  port: number,
  one: BenchCase,
  alive: () => boolean,
  { secure = false, timeoutMs = 15_000, pauseMs = 20 } = {},
): Promise<string | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const complaint = await probe(port, one, secure);
    if (complaint === undefined) return undefined;
    if (!alive()) return "the process ended";
    if (performance.now() > end) return `not ready within ${timeoutMs / 1000} s: ${complaint}`;
    await sleep(pauseMs);
  }
}
