// Stands between a gateway and an authority: tells what was asked for, and answers some of it itself.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request as send } from "node:https";
import type { AddressInfo } from "node:net";
import type { Certificate } from "./certificates.ts";
import type { Pebble } from "./pebble.ts";

/** One request to the authority. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Of a signed request; "" otherwise. */
  readonly nonce: string;
}

/** An answer in place of the authority's. */
export interface Instead {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A proxy that runs. */
export interface AcmeProxy {
  readonly directory: string;
  readonly asked: Asked[];
  /** Decides about each request: `hang` = nothing happens, `forget` = the authority answers, and nobody hears it. */
  instead: (asked: Asked) => Instead | "hang" | "forget" | null;
  /** Changes what the authority answers, as text. */
  rewrite: (text: string) => string;
  /** The next answer that is forgotten has come, or one has before. */
  forgotten(): Promise<void>;
  close(): void;
}

/** Starts one. @param own its certificate, for 127.0.0.1 */
export async function startAcmeProxy(pebble: Pebble, own: Certificate): Promise<AcmeProxy> {
  let forgets = 0;
  const waiting: (() => void)[] = [];
  const forget = () => {
    forgets++;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const server = createServer({ cert: readFileSync(own.cert), key: readFileSync(own.key) }, (request, response) => {
    void read(request).then((body) => {
      const asked = { method: request.method!, path: request.url!, nonce: nonceOf(body) };
      proxy.asked.push(asked);
      const instead = proxy.instead(asked);
      if (instead === "hang") return;
      if (instead === null)
        return forward(request, body, pebble, (answer) => void relay(answer, response, proxy.rewrite));
      if (instead === "forget") return forward(request, body, pebble, (answer) => answer.resume().on("end", forget));
      response.writeHead(instead.status, { "Content-Type": "application/problem+json", ...instead.headers });
      response.end(instead.body ?? "{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: AcmeProxy = {
    directory: `https://127.0.0.1:${(server.address() as AddressInfo).port}/dir`,
    asked: [],
    instead: () => null,
    rewrite: (text) => text,
    forgotten: () => new Promise((resolve) => (forgets > 0 ? resolve() : waiting.push(resolve))),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return proxy;
}

type Answered = (answer: IncomingMessage) => void;

/** The authority names itself by the `Host` it was asked under. */
function forward(request: IncomingMessage, body: Buffer, { port, ca }: Pebble, answered: Answered): void {
  const { method, url: path, headers } = request;
  const to = send({ host: "127.0.0.1", port, ca, method, path, headers, agent: false }, answered);
  to.on("error", () => request.destroy());
  to.end(body);
}

async function relay(answer: IncomingMessage, response: ServerResponse, rewrite: AcmeProxy["rewrite"]): Promise<void> {
  const { "content-length": _, "transfer-encoding": __, ...headers } = answer.headers;
  response.writeHead(answer.statusCode!, headers);
  response.end(rewrite((await read(answer)).toString()));
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function nonceOf(body: Buffer): string {
  if (body.length === 0) return "";
  const { protected: head } = JSON.parse(body.toString()) as { protected: string };
  return (JSON.parse(Buffer.from(head, "base64url").toString()) as { nonce?: string }).nonce ?? "";
}
