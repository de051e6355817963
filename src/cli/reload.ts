// `gateway reload`: makes the running gateway reload its configuration, through its management API.

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request as send } from "node:http";
import { connect, type Socket } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { connect as connectSecure } from "node:tls";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { usableCredentials } from "../config/meaning/management.ts";
import { bracketed } from "../wire/authority.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Longest wait for the answer, ms: a large configuration takes a while. */
const TIMEOUT_MS = 30_000;

/** Exit code 0 when the new configuration is in effect, 1 when it is not. */
export const reload: Command = {
  name: "reload",
  summary: "make the running gateway load its configuration again",
  operands: "",
  flags: { ...CONFIG_FLAGS, token: "text" },
  help: { ...CONFIG_HELP, token: "token of the management API, if the configuration has none" },
  async run(parsed, env) {
    const { config } = loadConfig(loadOptions(parsed, env));
    if (!config.management.enabled) {
      process.stderr.write("management is not enabled; send the signal HUP to the gateway instead\n");
      return 1;
    }
    try {
      const { status, text } = await ask(config, parsed.values.get("token") ?? null);
      const out = status === 200 ? process.stdout : process.stderr;
      out.write(status === 200 ? text : `refused (${status}): ${errorOf(text)}\n`);
      return status === 200 ? 0 : 1;
    } catch (error) {
      process.stderr.write(`no answer from the management API: ${(error as Error).message}\n`);
      return 1;
    }
  },
};

async function ask(config: Config, token: string | null): Promise<{ status: number; text: string }> {
  const { management } = config;
  const socket = await open(config);
  const path = `${management.basePath.replace(/\/$/, "")}/config/reload`;
  const request = send({
    path,
    method: "POST",
    headers: { Host: `${bracketed(hostOf(config))}:${management.port}`, ...authorization(config, token) },
    createConnection: () => socket,
    timeout: TIMEOUT_MS,
  });
  request.on("timeout", () => request.destroy(new Error("timed out")));
  request.end();
  const response = await responseTo(request);
  return { status: response.statusCode ?? 0, text: await textOf(response) };
}

async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return response;
}

/** @throws Error when nothing listens there, or the server does not hold the configured certificate */
async function open(config: Config): Promise<Socket> {
  const { port, tls } = config.management;
  const host = hostOf(config);
  if (!tls.enabled) {
    const socket = connect(port, host);
    await once(socket, "connect");
    return socket;
  }
  const [expected] = config.managementTls!.certificates; // shown to clients that send no server name
  if (expected === undefined)
    throw new Error(
      "its certificate is issued by ACME and cannot be verified here; send the signal HUP to the gateway instead",
    );
  // The certificate names the public host, not the address asked here; so it is compared as a whole instead.
  const socket = connectSecure({ host, port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  if (shown === new X509Certificate(expected.cert).fingerprint256) return socket;
  socket.destroy();
  throw new Error("its certificate is not the configured one");
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
