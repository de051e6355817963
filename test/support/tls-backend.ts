// HTTPS backends of both HTTP versions that note what the gateway shows and whether it resumes sessions.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import type { TLSSocket, TlsOptions } from "node:tls";
import { WebSocketServer } from "ws";
import type { Certificate } from "./certificates.ts";

/** What a backend has seen. */
export interface TlsBackend {
  readonly port: number;
  /** Whether each handshake resumed a session. */
  readonly resumed: boolean[];
  /** Names of client certificates, one a handshake. */
  readonly shown: (string | undefined)[];
  /** Requests, handshakes of WebSockets included. */
  requests: number;
  /** Ends responses to `/slow` that wait. */
  finish(): void;
}

/** A backend with one certificate; `/slow` begins to answer and waits, `/last` is the last request of its connection. */
export async function tlsBackend(
  t: TestContext,
  certificate: Certificate,
  version: "1.1" | "2" = "1.1",
  options: TlsOptions = {},
): Promise<TlsBackend> {
  const own = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key), ...options };
  const server = version === "2" ? createSecureServer(own) : createServer(own);
  const waiting: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const backend = { port: 0, resumed: [] as boolean[], shown: [] as (string | undefined)[], requests: 0 };
  server.on("secureConnection", (socket: TLSSocket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    backend.resumed.push(socket.isSessionReused());
    backend.shown.push((socket.getPeerCertificate().subject as { CN?: string } | undefined)?.CN);
  });
  server.on("tlsClientError", () => undefined);
  server.on("request", (request, response) => {
    backend.requests++;
    if (request.url === "/last" && version === "1.1") response.setHeader("Connection", "close");
    if (request.url !== "/slow") return void response.end("over TLS");
    response.write("begun ");
    waiting.push(() => response.end("done"));
  });
  if (version === "1.1") {
    const sockets = new WebSocketServer({ server: server as ReturnType<typeof createServer> });
    sockets.on("connection", (socket) => {
      backend.requests++;
      socket.on("message", (data) => socket.send(data));
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return Object.assign(backend, {
    port: (server.address() as AddressInfo).port,
    finish: () => {
      for (const end of waiting.splice(0)) end();
    },
  });
}

/** The pin of a certificate, made as the manual of curl says. */
export function pinOf({ cert }: Certificate): string {
  const script =
    'openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64';
  return `sha256//${execFileSync("sh", ["-c", script, cert], { encoding: "utf8" }).trim()}`;
}
