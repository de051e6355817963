// Cost of one pick of every balancer, and what it allocates: the numbers behind the balancing table of docs/performance.md.
import { Sessions } from "../../src/balancing/sessions.ts";
import { isKeyed } from "../../src/balancing/settings.ts";
import { BALANCERS } from "../../src/catalog.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { BY_HEADER, endpoint, requestFrom, settings } from "../support/endpoints.ts";

/** Endpoints to pick from, and their weights. */
const CASES: readonly (readonly [count: number, weight: (i: number) => number])[] = [
  [2, () => 1],
  [10, () => 1],
  [100, () => 1],
  [100, (i) => 1 + (i % 7)],
  [100, (i) => (i === 0 ? 1000 : 1)],
];
const PICKS = 2_000_000;
const WARM_UP = 300_000;
/** Fewer than make the collector run. */
const MEASURED = 50_000;
const NONE: readonly Endpoint[] = [];

// Clients known by header, with what the rest of a request's fields may be.
const contexts = Array.from({ length: 1024 }, (_, i) =>
  requestFrom(`10.0.${i >> 8}.${i & 255}`, ["Host", "shop.example", "Accept", "*/*", "X-Session-Id", `session-${i}`]),
);

const clocks = { now: () => performance.now(), wall: () => Date.now() };
const sessions = new Sessions("web", { ...BY_HEADER, maxEntries: 10_000 }, Buffer.alloc(32), clocks);

console.log(
  "| balancer | ns a pick of 2 | of 10 | of 100 | weights 1 to 7 | one of 1000 | bytes a pick |\n|---|---|---|---|---|---|---|",
);
for (const [name, make] of Object.entries(BALANCERS)) {
  const cells: string[] = [];
  let bytes = 0;
  for (const [count, weight] of CASES) {
    const all = Array.from({ length: count }, (_, i) => endpoint(`web-${i}`, weight(i)));
    for (const [i, { state }] of all.entries()) {
      state.observe(5 + (i % 7), 0);
      state.active = 10 + (i % 5); // busy enough for bounded load to count
    }
    const picker = make(settings({ sessions })).over(all);
    let found = 0;
    const run = (picks: number) => {
      for (let i = 0; i < picks; i++) if (picker.pick(contexts[i & 1023]!, NONE) !== null) found++;
    };
    run(WARM_UP);
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    run(MEASURED);
    bytes = Math.max(0, process.memoryUsage().heapUsed - heap) / MEASURED;
    const start = process.cpuUsage();
    run(PICKS);
    const used = process.cpuUsage(start);
    cells.push((((used.user + used.system) * 1000) / PICKS).toFixed(0));
    if (found !== PICKS + WARM_UP + MEASURED) throw new Error(`${name} picked nothing`);
  }
  console.log(
    `| \`${name}\`${isKeyed(make(settings())) ? " (by header)" : ""} | ${cells.join(" | ")} | ${bytes.toFixed(1)} |`,
  );
}
