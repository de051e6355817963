// Talks to the management API of a gateway under test.
import { type Call, call, type Reply } from "./client.ts";
import type { GatewayProcess } from "./gateway.ts";

/** The token the configurations of the tests name. */
export const TOKEN = "test-token";

/** The port the management listener was bound to. */
export async function managementPort(gateway: GatewayProcess): Promise<number> {
  const line = await gateway.line((l) => l.listener === "management");
  return line.port as number;
}

/** Calls `/management` + path with the token. @param body sent as JSON */
export function manage(port: number, method: string, path: string, body?: unknown): Promise<Reply> {
  const headers = ["Authorization", `Bearer ${TOKEN}`];
  const options: Call = { method, path: `/management${path}`, headers };
  if (body === undefined) return call(port, options);
  return call(port, {
    ...options,
    headers: [...headers, "Content-Type", "application/json"],
    body: JSON.stringify(body),
  });
}

/** The JSON of a GET that must succeed. */
export async function ask<T = Record<string, unknown>>(port: number, path: string): Promise<T> {
  const reply = await manage(port, "GET", path);
  if (reply.status !== 200) throw new Error(`GET ${path} answered ${reply.status}: ${reply.text}`);
  return JSON.parse(reply.text) as T;
}
