// The mock providers a configuration needs: one for each of its providers that is on this machine.
import type { LlmSettings, ProviderSettings } from "../../llm/settings.ts";
import type { BackendStart } from "../backends.ts";
import { startMockProvider } from "./provider.ts";

/** How fast they are, ms: slow enough to see a stream. */
const PACE = { headMs: 30, eventMs: 15 };

/**
 * Starts of mock providers, one for each port.
 * @param llm null: no models are configured
 * @param moved where a port is, if it is not where it is configured
 */
export function mockProviders(llm: LlmSettings | null, moved: (port: number) => number): BackendStart[] {
  const starts = new Map<number, BackendStart>();
  for (const { id, kind, origin } of llm?.providers ?? []) {
    const port = localPort(origin);
    if (port === null || starts.has(port)) continue;
    starts.set(port, { port: moved(port), start: (at) => startMockProvider({ kind, name: id, port: at, ...PACE }) });
  }
  return [...starts.values()];
}

/** Ports of providers on this machine. */
export function providerPorts(llm: LlmSettings | null): readonly number[] {
  return (llm?.providers ?? []).flatMap(({ origin }) => localPort(origin) ?? []);
}

/** The port of an origin on this machine; null: it is elsewhere, or wants TLS. */
function localPort(origin: ProviderSettings["origin"]): number | null {
  const { protocol, hostname, port } = new URL(origin);
  return protocol === "http:" && /^(127\.0\.0\.1|localhost)$/.test(hostname) ? Number(port || 80) : null;
}
