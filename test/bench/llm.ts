// The benchmark of language models: complete answers, streams, memory and a large prompt, untranslated and translated, beside
// the gateway to language models that others run on Node.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gatewaySubjects } from "./gateway-streams.ts";
import type { LlmOrders } from "./llm-orders.ts";
import type { Launch } from "./processes.ts";
import type { Trial, TrialCase } from "./trial.ts";
import { runProgram } from "./trial-main.ts";
import { cpuOf, type Goal, medianOf, ratioOf } from "./trial-report.ts";
import type { TrialResult } from "./trial-run.ts";
import { typescript } from "./typescript.ts";

const CONNECTIONS = 32;
const STREAMS = 200;
const MANY_STREAMS = 2000;
const PROMPT = 2000;
const LARGE = 10_000_000;
const PORTKEY = "@portkey-ai/gateway";

/** Each case twice: to a provider with the API of the client, and to one of another. */
function both(
  id: string,
  title: string,
  kind: LlmOrders["kind"],
  more: Pick<TrialCase, "unit" | "only" | "once" | "note"> & { readonly connections: number; readonly bytes?: number },
): TrialCase[] {
  const { connections, bytes = PROMPT, ...rest } = more;
  return (["plain", "translated"] as const).map((model) => ({
    ...rest,
    id: model === "plain" ? id : `${id}-translated`,
    title: `${title}, ${model === "plain" ? "untranslated" : "translated"}`,
    generator: "llm",
    orders: { connections, bytes, path: "", warmMs: 1000, llm: { model, kind } },
  }));
}

const GATEWAYS = ["portkey", "gateway", "other-gateway"];

const cases: readonly TrialCase[] = [
  ...both("complete", `complete answers to prompts of 2 KB, ${CONNECTIONS} connections`, "complete", {
    connections: CONNECTIONS,
    unit: "answer",
  }),
  ...both("tokens", `${STREAMS} streams, 50 tokens a second in each`, "tokens", {
    connections: STREAMS,
    unit: "token",
    note: "One token is one event, which comes and leaves by itself. p50 and the like say how long after it was sent a token has arrived.",
  }),
  ...both("first", `the first token of a short stream while ${STREAMS} other streams are open`, "first", {
    connections: STREAMS,
    unit: "stream",
    note: "p50 and the like are from the request to the first token. The CPU time includes that of the other streams.",
  }),
  ...both("memory", `${MANY_STREAMS} streams, 5 tokens a second in each`, "tokens", {
    connections: MANY_STREAMS,
    unit: null,
    only: GATEWAYS,
    once: true,
  }),
  ...both("large", "one prompt of 10 MB, most of it images", "large", {
    connections: 1,
    bytes: LARGE,
    unit: null,
    only: GATEWAYS,
    once: true,
    note: "RSS is the peak while the prompt is served.",
  }),
];

function portkey(_folder: string, port: number): Launch {
  const script = join(import.meta.dirname, "node_modules", PORTKEY, "build", "start-server.js");
  if (!existsSync(script)) throw new Error(`${PORTKEY} is not installed`);
  return { command: process.execPath, args: [script, `--port=${port}`, "--headless"] };
}

const completions: Trial = {
  id: "llm",
  upstream: (port) => typescript("upstream/llm.ts", String(port)),
  reference: "portkey",
  subjects: [
    { id: "direct" },
    // The same gateway without a strategy: what bytes cost that nobody looks at.
    ...gatewaySubjects("gateway-proxy", { rules: ['{ id: llm, path: "/v1/*", serviceName: up, protocol: sse }'] }),
    { id: "portkey", npmPackage: PORTKEY, prepare: portkey },
    ...gatewaySubjects("gateway", (upstreamPort) => ({
      rules: ['{ id: llm, path: "/v1/*", strategy: { type: llm, models: [plain, translated] } }'],
      blocks: [
        `llm:
    providers:
      near: { kind: openai, baseUrl: "http://127.0.0.1:${upstreamPort}/v1", apiKeys: [sk-bench] }
      far: { kind: anthropic, baseUrl: "http://127.0.0.1:${upstreamPort}", apiKeys: [sk-ant-bench] }
    models:
      plain: { provider: near, upstreamName: bench }
      translated: { provider: far, upstreamName: bench }`,
      ],
    })),
  ],
  cases,
};

function goals(results: readonly TrialResult[]): readonly Goal[] {
  const cpu = (name: string, id: string, limit: number): Goal => ({
    ...{ name: `gateway ${name}, CPU µs`, limit, digits: 1 },
    value: cpuOf(results, id, "gateway")?.median,
  });
  const beyond = (name: string, id: string, limit: number): Goal => {
    const proxy = cpuOf(results, id, "gateway-proxy")?.median ?? Number.NaN;
    const own = cpuOf(results, id, "gateway")?.median ?? Number.NaN;
    return { name: `gateway ${name}, CPU µs beyond gateway-proxy`, value: own - proxy, limit, digits: 1 };
  };
  const ratio = (id: string): Goal => ({
    ...{ name: `gateway / portkey ${id}, CPU`, limit: 0.067, digits: 3 },
    value: ratioOf(results, [id, "gateway"], [id, "portkey"]),
  });
  const p99 = (id: string, subject: string) => medianOf(results, id, subject, (sample) => sample.p99Ms) ?? Number.NaN;
  const added = (id: string): Goal => ({
    ...{ name: `gateway ${id}, p99 of the first token beyond that of direct, ms`, limit: 1, digits: 2 },
    value: p99(id, "gateway") - p99(id, "direct"),
  });
  const memory = (id: string): Goal => ({
    ...{ name: `gateway ${id}, RSS MB`, limit: 400, digits: 0 },
    value: medianOf(results, id, "gateway", (sample) => sample.rssMb),
  });
  const copies = (id: string, subject: string, limit: number | null): Goal => {
    const grown = medianOf(results, id, subject, (sample) => sample.grownMb ?? null);
    const value = grown === undefined ? grown : (grown * 2 ** 20) / LARGE;
    return { name: `${subject} ${id}, peak of memory in copies of the prompt`, value, limit, digits: 1 };
  };
  return [
    cpu("per answer", "complete", 90),
    cpu("per translated answer", "complete-translated", 250),
    ratio("complete"),
    ratio("complete-translated"),
    beyond("per token", "tokens", 12),
    beyond("per translated token", "tokens-translated", 40),
    added("first"),
    added("first-translated"),
    memory("memory"),
    memory("memory-translated"),
    copies("large", "gateway", 3),
    copies("large-translated", "gateway", 3),
    copies("large", "portkey", null),
    copies("large-translated", "portkey", null),
  ];
}

runProgram(
  { title: "Benchmark of language models", file: "llm.ts", trials: [completions], goals },
  process.argv.slice(2),
);
