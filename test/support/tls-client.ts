// Clients of TLS that show what they were shown: certificates, sessions, answers.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { soon } from "./setup.ts";

/** A connection whose handshake is over. The certificate is looked at and not verified. */
export async function greet(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  await soon(once(socket, "secureConnect"), "a handshake");
  socket.on("error", () => undefined);
  return socket;
}

/** Common name of the certificate that is shown for a name; undefined: none is asked for. */
export async function shownFor(port: number, servername?: string, more: ConnectionOptions = {}): Promise<string> {
  const socket = await greet(port, { ...(servername === undefined ? {} : { servername }), ...more });
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string;
}

/** An answer over HTTP/1.1: its status, its fields in lower case, its body. */
export interface Answer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks over HTTP/1.1 on a connection that stays. */
export async function ask(
  socket: TLSSocket,
  host: string,
  path = "/",
  fields: readonly string[] = [],
): Promise<Answer> {
  socket.write(`GET ${path} HTTP/1.1\r\n${[`Host: ${host}`, ...fields].join("\r\n")}\r\n\r\n`);
  let text = "";
  for (;;) {
    const [chunk] = await soon(once(socket, "data"), "an answer");
    text += chunk;
    const [head, body] = text.split("\r\n\r\n");
    const length = /^content-length: (\d+)/im.exec(head ?? "")?.[1];
    if (body === undefined || (length !== undefined && body.length < Number(length))) continue;
    if (length === undefined && !body.endsWith("0\r\n")) continue;
    const [first, ...lines] = head!.split("\r\n");
    const named = lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 2),
    ]);
    return { status: Number(first!.split(" ")[1]), fields: Object.fromEntries(named), body };
  }
}

/** Status over HTTP/2 of a request to each host in turn, on one connection. */
export async function http2Statuses(
  port: number,
  options: ConnectionOptions,
  hosts: readonly string[],
): Promise<readonly number[]> {
  const session = connectHttp2("https://127.0.0.1", {
    createConnection: () =>
      connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"], ...options }),
  });
  session.on("error", () => undefined);
  const statuses: number[] = [];
  for (const host of hosts) {
    const stream = session.request({ ":path": "/", ":authority": host });
    const [headers] = await soon(once(stream, "response"), "a response");
    stream.resume();
    await once(stream, "close");
    statuses.push(headers[":status"]);
  }
  session.destroy();
  return statuses;
}

/** What `openssl s_client` says of a connection, with its options. */
export async function sClient(port: number, ...options: readonly string[]): Promise<string> {
  const child = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...options], { stdio: "pipe" });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk;
  });
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  child.stdin.on("error", () => undefined);
  // A session of TLS 1.3 comes with the first answer.
  child.stdin.write("GET /_gateway/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await soon(once(child, "close"), "the end of s_client");
  return text;
}
