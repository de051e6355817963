// Health by HTTP: a request on its own connection, an expected status, and a text the body must contain.

import { request } from "node:http";
import type { Socket } from "node:net";
import { authorityOf } from "../wire/authority.ts";
import type { Network } from "../wire/dial.ts";
import { http2Exchange } from "./http2-exchange.ts";
import { dialForProbe, type Probe, type ProbeAddress, type ProbeDone, reasonOf, type StatusRange } from "./probe.ts";

/** What to ask, and what must come back. */
export interface HttpTarget extends ProbeAddress {
  /** Over HTTP/2, with prior knowledge if there is no TLS. */
  readonly http2: boolean;
  readonly method: string;
  /** With query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expectedStatus: readonly StatusRange[];
  /** "" expects nothing. */
  readonly expectedBody: string;
}

/** Maximum part of a body that is read, bytes; the rest is ignored. */
export const MAX_BODY_BYTES = 64 * 1024;
const USER_AGENT = "gateway-health";

/** Every probe opens a connection: a server that accepts none is unhealthy, even if it still answers on old ones. */
export function httpProbe(network: Network, target: HttpTarget): Probe {
  return target.http2 ? byHttp2(network, target) : byHttp1(network, target);
}

function byHttp1(network: Network, target: HttpTarget): Probe {
  const options = {
    method: target.method,
    path: target.path,
    headers: { Host: authorityOf(target), "User-Agent": USER_AGENT, ...target.headers, Connection: "close" },
  };
  const ask = (socket: Socket, done: ProbeDone) => {
    const asking = request({ ...options, createConnection: () => socket });
    asking.on("error", (error) => done(reasonOf(error)));
    asking.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const end = () => done(judge(target, response.statusCode ?? 0, Buffer.concat(chunks)));
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= MAX_BODY_BYTES) end();
      });
      response.on("end", end);
      response.on("error", (error) => done(reasonOf(error)));
    });
    asking.end();
    return () => asking.destroy();
  };
  return (done) => {
    let stop = dialForProbe(network, target, "http/1.1", done, (socket) => {
      stop = ask(socket, done);
    });
    return () => stop();
  };
}

function byHttp2(network: Network, target: HttpTarget): Probe {
  const given = Object.entries(target.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const { host, ...headers } = Object.fromEntries(given);
  const head = {
    ":method": target.method,
    ":path": target.path,
    ":authority": host ?? authorityOf(target),
    "user-agent": USER_AGENT,
    ...headers,
  };
  return (done) =>
    http2Exchange(network, target, { head, body: null, maxBytes: MAX_BODY_BYTES }, done, (reply) =>
      done(judge(target, reply.status, reply.body)),
    );
}

function judge(target: HttpTarget, status: number, body: Buffer): string | null {
  if (!target.expectedStatus.some(([from, to]) => status >= from && status <= to)) return `status ${status}`;
  if (!body.subarray(0, MAX_BODY_BYTES).includes(target.expectedBody)) return "expected text is not in the body";
  return null;
}
