// `gateway healthcheck`: checks whether a running gateway is ready, for container health checks.

import { type ClientRequestArgs, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { IpList } from "../auth/ip-list.ts";
import { loadConfig } from "../config/load.ts";
import type { ListenerConfig } from "../config/meaning/listeners.ts";
import { bracketed } from "../wire/authority.ts";
import { compileCidrs } from "../wire/cidr.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Longest wait for the answer, ms. */
const TIMEOUT_MS = 3000;

/** Exit code 0 when the gateway of this configuration is ready, else 1. */
export const healthcheck: Command = {
  name: "healthcheck",
  summary: "check whether the running gateway is ready (exit code 0 or 1)",
  operands: "",
  flags: { ...CONFIG_FLAGS, url: "text" },
  help: { ...CONFIG_HELP, url: "request this URL instead of the configured port" },
  async run(parsed, env) {
    const url = parsed.values.get("url");
    const asked = url === undefined ? readyPage(loadConfig(loadOptions(parsed, env)).config.listeners) : { url };
    const { status, text } = await ask(asked);
    process.stdout.write(`${text}\n`);
    return status === 200 ? 0 : 1;
  },
};

/** A request for the readiness page. */
interface Asked {
  readonly url: string;
  readonly socketPath?: string;
  /** Whether to send a PROXY header, because the listener trusts this machine as a load balancer. */
  readonly headed?: boolean;
}

/** The readiness page of the listener with the fewest demands on clients. @throws Error when none serves HTTP/1.1 */
function readyPage(listeners: readonly ListenerConfig[]): Asked {
  const usable = listeners.filter(({ http1 }) => http1).sort((a, b) => demands(a) - demands(b))[0];
  if (usable === undefined) throw new Error("no listener accepts HTTP/1.1 requests; set a URL with -url");
  if (demands(usable) === 2)
    throw new Error(
      "every listener requires a client certificate; add one that does not, such as a UNIX socket, or set a URL with -url",
    );
  if (demands(usable) === HELD_OFF)
    throw new Error("the IP lists of all listeners exclude this machine; list 127.0.0.1, or set a URL with -url");
  const { port, socket, tls, proxyProtocol } = usable;
  const address = ownAddress(usable);
  const host = socket === "" ? `${bracketed(address)}:${port}` : "localhost";
  const origin = `${tls === null ? "http" : "https"}://${host}`;
  const headed = compileCidrs(proxyProtocol.trustedPeers)(address);
  return { url: `${origin}/_gateway/ready`, headed, ...(socket === "" ? {} : { socketPath: socket }) };
}

/** The address from which, and at which, this machine asks a listener; "" through a UNIX socket. */
function ownAddress({ host, socket }: ListenerConfig): string {
  if (socket !== "") return "";
  return host === "0.0.0.0" || host === "::" || host === "" ? "127.0.0.1" : host;
}

/** Above every demand that can be met. */
const HELD_OFF = 3;

function demands(listener: ListenerConfig): number {
  const { tls } = listener;
  if (new IpList(listener, "listener").reason(ownAddress(listener)) !== null) return HELD_OFF;
  if (tls === null) return 0;
  return tls.clients.mode === "none" || tls.clients.mode === "request" ? 1 : 2;
}

function ask({ url, headed = false, ...through }: Asked): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const secure = url.startsWith("https:");
    const send = secure ? secureRequest : plainRequest;
    const createConnection = (to: ClientRequestArgs) => connectHeaded(to as NetConnectOpts, secure);
    // The certificate names the public host, not the loopback address asked here.
    const options = {
      ...through,
      ...(headed ? { createConnection } : {}),
      timeout: TIMEOUT_MS,
      rejectUnauthorized: false,
    };
    const request = send(url, options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve({ status, text: status === 200 ? "ready" : `not ready (${status})` });
    });
    request.on("timeout", () => request.destroy(new Error("no answer in time")));
    request.on("error", (error) => resolve({ status: 0, text: `not ready: ${error.message}` }));
    request.end();
  });
}

/** A connection that begins with a PROXY header without an address. */
function connectHeaded(to: NetConnectOpts, secure: boolean): Socket {
  const socket = connect(to);
  socket.write("PROXY UNKNOWN\r\n");
  return secure ? connectTls({ ...to, socket }) : socket;
}
