// Gateways for WebSocket tests: one rule to one backend, short durations, and what must hold when a test is over.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { GatewayPool, type GatewayProcess, startGateway } from "./gateway.ts";
import { scrape, sumOf } from "./metrics.ts";
import { type Block, configText, eventually } from "./setup.ts";

/** How messages pass. */
export type Mode = "tunnel" | "messages";
/** Both, for tables. */
export const MODES: readonly Mode[] = ["tunnel", "messages"];

/** What differs between gateways. */
export interface WsSetup {
  readonly mode?: Mode;
  /** Keys of `frontend.websocket`. */
  readonly front?: Block;
  /** Keys of `backend.websocket`. */
  readonly back?: Block;
  /** Keys of the rule. */
  readonly rule?: Block;
  /** Instead of the one rule. */
  readonly rules?: readonly Block[];
  /** Keys of `frontend.http`. */
  readonly http?: Block;
  readonly shutdown?: Block;
  readonly instances?: readonly Block[];
  readonly args?: readonly string[];
  /** A process that no other test has used, for tests that measure it or bind further ports. */
  readonly fresh?: boolean;
}

/** Text of the configuration. @param port of the backend */
export function wsText(port: number, setup: WsSetup = {}): string {
  const websocket = setup.mode === undefined ? {} : { websocket: { mode: setup.mode } };
  return configText({
    rules: setup.rules ?? [{ id: "ws", path: "/*", serviceName: "up", ...websocket, ...setup.rule }],
    services: { up: setup.instances ?? port },
    more: {
      frontend: { http: { host: "127.0.0.1", port: 0, ...setup.http }, websocket: { ...setup.front } },
      backend: { websocket: { ...setup.back } },
      metrics: { enabled: true },
      shutdown: { delay: "100ms", timeout: "5s", ...setup.shutdown },
    },
  });
}

const gateways = new GatewayPool();

/** Takes a gateway, a fresh one where it is to end or has arguments; after the test it must have said nothing about surprises. */
export async function wsGateway(t: TestContext, port: number, setup: WsSetup = {}): Promise<GatewayProcess> {
  const text = wsText(port, setup);
  const fresh = setup.fresh === true || setup.args !== undefined || setup.shutdown !== undefined;
  const gateway = fresh ? await startGateway(text, { args: setup.args ?? [] }) : await gateways.take(text);
  t.after(async () => {
    await gateway.kill();
    assertCalm(gateway);
  });
  return gateway;
}

/** Fails when the gateway met what nobody foresaw. */
export function assertCalm(gateway: GatewayProcess): void {
  const bad = gateway.lines.filter(
    (l) => l.level === "error" || /uncaught|unhandled|inside the gateway|TypeError/.test(String(l.msg)),
  );
  assert.deepEqual(bad, []);
}

/** Requests and WebSockets under way on routes. */
export async function active(gateway: GatewayProcess): Promise<number> {
  return sumOf(await scrape(gateway.port), "gateway_http_requests_active");
}

/** Waits until nothing is under way any more. */
export function idle(gateway: GatewayProcess): Promise<void> {
  return eventually("nothing is under way", async () => (await active(gateway)) === 0);
}
