// Backends to try the gateway against: small HTTP servers on the ports the example configurations name.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Ports of the demo backends, all on 127.0.0.1. */
export const DEMO_PORTS = [3000, 3002] as const;

/**
 * Starts them.
 * @returns closes them
 * @throws the system's error when a port is taken
 */
export async function startBackends(): Promise<() => void> {
  const servers: Server[] = [];
  for (const port of DEMO_PORTS) {
    const server = createServer((request, response) => answer(port, request, response));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    servers.push(server);
  }
  return () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
}

function answer(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url!, "http://demo");
  if (pathname === "/slow")
    return void setTimeout(() => say(port, request, response), Number(searchParams.get("ms") ?? 1000));
  if (pathname === "/stream") return stream(response);
  const status = /^\/status\/([2-5]\d\d)$/.exec(pathname);
  if (status !== null) return void response.writeHead(Number(status[1])).end();
  if (request.method === "POST" || request.method === "PUT") return upload(port, request, response);
  say(port, request, response);
}

/** What the backend saw: shows path, headers and which instance answered. */
function say(port: number, request: IncomingMessage, response: ServerResponse): void {
  const seen = {
    hello: "from the demo backend",
    instance: port,
    method: request.method,
    path: request.url,
    headers: request.headers,
  };
  response.writeHead(200, { "Content-Type": "application/json" }).end(`${JSON.stringify(seen, null, 2)}\n`);
}

function upload(port: number, request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => {
    response
      .writeHead(200, { "Content-Type": "application/json" })
      .end(`${JSON.stringify({ instance: port, received: bytes })}\n`);
  });
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
