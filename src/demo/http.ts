// The demo's HTTP backend: shows what arrived, and can be slow, stream, fail now and then, or answer with any status.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { authorize } from "./authorize.ts";
import { type DemoServer, listen, sendJson, targetOf } from "./server.ts";

/** Starts it. */
export function startHttp(port: number): Promise<DemoServer> {
  const flaky = { asked: 0 };
  const server = createServer((request, response) => answer(request, response, flaky));
  return listen(server, port, { title: "HTTP backend", scheme: "http" });
}

function answer(request: IncomingMessage, response: ServerResponse, flaky: { asked: number }): void {
  const { path, query } = targetOf(request);
  if (path === "/slow") return void setTimeout(() => say(request, response), Number(query.get("ms") ?? 1000));
  if (path === "/stream") return stream(response);
  if (path === "/authorize") return authorize(request, response);
  // `fails` of these in a row fail, then one does not.
  const fails = Number(query.get("fails") ?? 1);
  if (path === "/flaky" && flaky.asked++ % (fails + 1) < fails) return void response.writeHead(503).end();
  const status = /^\/status\/([2-5]\d\d)$/.exec(path);
  if (status !== null) return void response.writeHead(Number(status[1])).end();
  if (request.method === "POST" || request.method === "PUT") return upload(request, response);
  say(request, response);
}

/** What the backend saw: shows path, headers and which instance answered. */
function say(request: IncomingMessage, response: ServerResponse): void {
  const seen = {
    hello: "from the demo backend",
    instance: request.socket.localPort,
    method: request.method,
    path: request.url,
    headers: request.headers,
  };
  response.writeHead(200, { "Content-Type": "application/json" }).end(`${JSON.stringify(seen, null, 2)}\n`);
}

function upload(request: IncomingMessage, response: ServerResponse): void {
  const instance = request.socket.localPort;
  let received = 0;
  request.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on("end", () => sendJson(response, 200, { instance, received }));
}

/** Five lines, one every 200 ms: shows that nothing is buffered on the way. */
function stream(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/plain" });
  let line = 0;
  const timer = setInterval(() => {
    response.write(`line ${++line}\n`);
    if (line === 5) response.end();
  }, 200);
  response.on("close", () => clearInterval(timer));
}
