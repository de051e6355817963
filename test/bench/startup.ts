// How long the built gateway takes from being started to its first right answer, as the median of ten starts.
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { cases } from "./cases.ts";
import { openWorkspace } from "./cleanup.ts";
import { gatewayEntry, gatewayProxy } from "./gateway-config.ts";
import { freePort } from "./ports.ts";
import { waitUntilReady } from "./probe.ts";
import { spreadOf } from "./statistics.ts";

const starts = 10;

async function main(): Promise<void> {
  if (!existsSync(gatewayEntry)) throw new Error("dist/main.js is not built");
  const question = cases.find((one) => one.id === "get-1k");
  if (!question) throw new Error("the case get-1k is gone");
  const { folder, processes } = openWorkspace();
  const upstream = createServer((_request, response) => response.end("x".repeat(question.responseBytes)));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port: upstreamPort } = upstream.address() as AddressInfo;

  const took: number[] = [];
  for (let n = 0; n < starts; n++) {
    const port = await freePort();
    const launch = gatewayProxy(join(folder, String(n)), port, upstreamPort);
    const begin = performance.now();
    const child = processes.start(`gateway-${n}`, launch, undefined);
    const complaint = await waitUntilReady(port, question, child.alive, { pauseMs: 2 });
    if (complaint !== undefined) throw new Error(`${complaint}\n${child.lastWords()}`);
    took.push(performance.now() - begin);
    await processes.close();
  }
  const spread = spreadOf(took);
  if (spread)
    process.stdout.write(
      `start to first answer: median ${spread.median.toFixed(0)} ms (${spread.min.toFixed(0)}–${spread.max.toFixed(0)}) over ${starts} starts, node ${process.version}\n`,
    );
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`startup: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
