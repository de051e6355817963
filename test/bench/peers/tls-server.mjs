// A bare TLS server of Node, which does nothing once the handshake is over: what any server on Node has to pay.
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [port, cert, key] = process.argv.slice(2);
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key), noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.resume();
});
server.on("tlsClientError", (_error, socket) => socket.destroy());
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 1024 });
