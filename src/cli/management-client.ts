// Asks the running gateway of a configuration through its management API.
import { once } from "node:events";
import { type IncomingMessage, request as send } from "node:http";
import { connect, type Socket } from "node:net";
import { text as textOf } from "node:stream/consumers";
import type { Config } from "../config/config.ts";
import { usableCredentials } from "../config/meaning/management.ts";
import { bracketed } from "../wire/authority.ts";
import { verifiedTls } from "./verified-tls.ts";

/** Longest wait for the answer, ms: a large configuration takes a while to load. */
const TIMEOUT_MS = 30_000;

/** An answer of the management API. */
export interface ManagementAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Calls an operation.
 * @param path below the base path, such as `/config/reload`
 * @param token shown instead of the credential in the configuration; null: that
 * @throws Error when nothing listens there, or the server does not hold the configured certificate
 */
export async function askManagement(
  config: Config,
  method: "GET" | "POST",
  path: string,
  token: string | null,
): Promise<ManagementAnswer> {
  const { management } = config;
  const socket = await open(config);
  const request = send({
    path: `${management.basePath.replace(/\/$/, "")}${path}`,
    method,
    headers: { Host: `${bracketed(hostOf(config))}:${management.port}`, ...authorization(config, token) },
    createConnection: () => socket,
    timeout: TIMEOUT_MS,
  });
  request.on("timeout", () => request.destroy(new Error("timed out")));
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await textOf(response) };
}

/** The reason in an answer that is a refusal. */
export function refusalOf({ status, text }: ManagementAnswer): string {
  return `refused (${status}): ${errorOf(text)}`;
}

async function open(config: Config): Promise<Socket> {
  const { port, tls } = config.management;
  const host = hostOf(config);
  if (!tls.enabled) {
    const socket = connect(port, host);
    await once(socket, "connect");
    return socket;
  }
  // The first one is shown to clients that send no server name.
  return verifiedTls({ host, port }, config.managementTls!.certificates.slice(0, 1));
}

function hostOf(config: Config): string {
  const { host } = config.management;
  return host === "0.0.0.0" || host === "" ? "127.0.0.1" : host === "::" ? "::1" : host;
}

function authorization(config: Config, token: string | null): Record<string, string> {
  const { management } = config;
  const usable = usableCredentials(management);
  const shown = token ?? usable.token;
  if (shown !== null) return { Authorization: `Bearer ${shown}` };
  const [login] = usable.users;
  return login === undefined ? {} : { Authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}

function errorOf(text: string): string {
  try {
    return String((JSON.parse(text) as { error?: unknown }).error);
  } catch {
    return text;
  }
}
