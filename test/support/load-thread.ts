// The thread that loads configurations, run from the sources: a worker does not inherit what runs TypeScript here.
import { Worker } from "node:worker_threads";

const FILE = new URL("../../src/control/load-thread.ts", import.meta.url).href;

/** Starts it. */
export function startLoadThread(): Worker {
  const code = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(FILE)}); });`;
  return new Worker(code, { eval: true });
}
