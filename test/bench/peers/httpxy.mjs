// A bare httpxy with its default keep-alive agent: the maintained descendant of http-proxy.
import http from "node:http";
import { createProxyServer } from "httpxy";

const [port, upstreamPort] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({ target: `http://127.0.0.1:${upstreamPort}` });

http
  .createServer((request, response) => {
    proxy.web(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  })
  .listen(port, "127.0.0.1", 1024);
