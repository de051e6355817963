// Mock providers as tests use them: what they were asked is kept, and they can be told what to do wrong next.
import { after } from "node:test";
import type { RecordedRequest } from "../../../src/demo/llm/exchange.ts";
import { type MockKind, startMockProvider } from "../../../src/demo/llm/provider.ts";
import type { DemoServer } from "../../../src/demo/server.ts";

/** Keys that the mock of a kind accepts; another number makes another account. */
export function keyOf(kind: MockKind, n = 1): string {
  const keys = {
    openai: `sk-proj-canary-openai-${n}`,
    anthropic: `sk-ant-api03-canary-anthropic-${n}`,
    gemini: `AIzaCanaryGemini0000000000000000000000${n}`,
    openrouter: `sk-or-v1-canary-openrouter-${n}`,
    openaiCompatible: `canary-local-${n}`,
  };
  return keys[kind];
}

/** Base URL below the origin of each kind, as `baseUrl` has it. */
const BASES: Readonly<Record<MockKind, string>> = {
  openai: "/v1",
  anthropic: "",
  gemini: "",
  openrouter: "/api/v1",
  openaiCompatible: "/v1",
};

/** A mock provider. */
export interface TestProvider {
  readonly kind: MockKind;
  readonly name: string;
  readonly port: number;
  /** As `llm.providers.<id>.baseUrl` has it. */
  readonly baseUrl: string;
  /** Every request so far. */
  readonly requests: RecordedRequest[];
  /** The JSON body of the last request. */
  last(): Readonly<Record<string, unknown>>;
  /** The next requests are told these commands. */
  force(commands: string, times?: number): void;
  /** Forgets requests and commands. */
  reset(): void;
  stop(): Promise<void>;
}

const running: DemoServer[] = [];
after(() => Promise.all(running.map((server) => server.stop())));

/** Starts one, which ends with the test file. @param name for commands that are addressed to it */
export async function mockProvider(
  kind: MockKind,
  options: { readonly name?: string; readonly headMs?: number; readonly eventMs?: number } = {},
): Promise<TestProvider> {
  const requests: RecordedRequest[] = [];
  const forced: string[] = [];
  const name = options.name ?? kind;
  const server = await startMockProvider({
    ...options,
    kind,
    name,
    port: 0,
    record: (request) => requests.push(request),
    force: () => forced.shift() ?? "",
  });
  running.push(server);
  return {
    kind,
    name,
    port: server.port,
    baseUrl: `${server.url}${BASES[kind]}`,
    requests,
    last: () => JSON.parse(requests.at(-1)!.body.toString("utf8")) as Readonly<Record<string, unknown>>,
    force: (commands, times = 1) => forced.push(...Array.from({ length: times }, () => commands)),
    reset() {
      requests.length = 0;
      forced.length = 0;
    },
    stop: () => server.stop(),
  };
}
