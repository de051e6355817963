// The thread that loads configurations. A worker does not inherit what runs TypeScript: where a test is not compiled, it needs it anew.
import { Worker } from "node:worker_threads";

const COMPILED = new URL("../../src/control/load-thread.js", import.meta.url);
const SOURCE = new URL("../../src/control/load-thread.ts", import.meta.url).href;

/** Starts it. */
export function startLoadThread(): Worker {
  if (import.meta.url.endsWith(".js")) return new Worker(COMPILED);
  const code = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(SOURCE)}); });`;
  return new Worker(code, { eval: true });
}
