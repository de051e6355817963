// The demo's event streams: a clock that goes on where a client left it, and news that never end.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type DemoServer, listen, REFUSED, sendJson, targetOf } from "./server.ts";

const CLOCK_MS = 1000;
const NEWS_MS = 5000;
const MIN_INTERVAL_MS = 10;
const MAX_INTERVAL_MS = 3_600_000;
/** How long a browser waits before it comes back, ms. */
const RETRY_MS = 1000;
const HELLO =
  "This is the server-sent events demo backend: /clock (?count=3, ?interval=100 ms, Last-Event-ID) and /news.\n";
const NEWS = [
  "Gateway passes event through, unbuffered",
  "Backend still up, operators puzzled",
  "Connection reopened; nothing was missed",
  "Local proxy adds header, denies everything",
];

/** One kind of event. */
interface Kind {
  readonly name: string;
  readonly everyMs: number;
  /** Content of the event with this number, from 1. */
  readonly data: (count: number) => Readonly<Record<string, unknown>>;
}

const CLOCK: Kind = { name: "tick", everyMs: CLOCK_MS, data: (count) => ({ time: new Date().toISOString(), count }) };
const HEADLINES: Kind = {
  name: "news",
  everyMs: NEWS_MS,
  data: (count) => ({ time: new Date().toISOString(), headline: NEWS[(count - 1) % NEWS.length] }),
};

/** Starts it. */
export function startEvents(port: number): Promise<DemoServer> {
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    request.resume();
    const { path, query } = targetOf(request);
    if (path === "/refuse") return sendJson(response, 403, REFUSED);
    if (path === "/") return void response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(HELLO);
    open.add(response);
    response.once("close", () => open.delete(response));
    stream(request, response, path === "/news" ? HEADLINES : CLOCK, query);
  });
  const endStreams = () => {
    for (const response of open) response.end();
    server.closeIdleConnections();
  };
  return listen(server, port, { title: "Event streams", scheme: "http", endStreams });
}

function stream(request: IncomingMessage, response: ServerResponse, kind: Kind, query: URLSearchParams): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  if (request.method === "HEAD") return void response.end();
  response.write(`retry: ${RETRY_MS}\n\n`);
  const everyMs = Math.min(
    Math.max(wholeNumber(query.get("interval"), kind.everyMs), MIN_INTERVAL_MS),
    MAX_INTERVAL_MS,
  );
  const first = wholeNumber(request.headers["last-event-id"], 0) + 1;
  const end = first + wholeNumber(query.get("count"), Number.POSITIVE_INFINITY);
  let count = first;
  const next = () => {
    // A client that does not read misses no event: the clock waits.
    if (response.writableNeedDrain || response.writableEnded) return;
    if (count < end) response.write(`id: ${count}\nevent: ${kind.name}\ndata: ${JSON.stringify(kind.data(count))}\n\n`);
    count++;
    if (count >= end) response.end();
  };
  const timer = setInterval(next, everyMs);
  response.once("close", () => clearInterval(timer));
  next();
}

/** The number a text stands for, or `otherwise`. */
function wholeNumber(text: string | string[] | null | undefined, otherwise: number): number {
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
}
