// A bare http-proxy with a keep-alive agent: the peer most Node.js gateways are built on.
import http from "node:http";
import httpProxy from "http-proxy";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${upstreamPort}`,
  agent: new http.Agent({ keepAlive: true }),
});

proxy.on("error", (_error, _request, response) => {
  if (!response.headersSent) response.writeHead(502);
  response.end();
});

http.createServer((request, response) => proxy.web(request, response)).listen(port, "127.0.0.1", 1024);
