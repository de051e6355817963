// TLS load: every connection does a handshake, full or resumed, says goodbye and is made anew. Both ends use X25519 and
// AES-128-GCM: who agrees on anything else is left out.
import { once } from "node:events";
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from "node:tls";
import { BENCH_HOST, manyHost } from "../certificate.ts";
import { giveUp, type HandshakeOrders, type Orders, readOrders, Window } from "./window.ts";

/** Addresses client sockets are bound to in turn: each has its own 28 000 ports. */
const ADDRESSES = 8;

let made = 0;

function optionsOf({ port }: Orders, { version, names }: HandshakeOrders): () => ConnectionOptions {
  const secureContext = createSecureContext({
    minVersion: version,
    maxVersion: version,
    ciphers: "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256",
    ecdhCurve: "X25519:P-256", // TLS 1.2 wants the curve of the certificate among them
  });
  return () => {
    const n = made++;
    return {
      port,
      host: "127.0.0.1",
      localAddress: `127.0.0.${1 + (n % ADDRESSES)}`,
      servername: names === 0 ? BENCH_HOST : manyHost(n % names),
      ALPNProtocols: ["http/1.1"],
      secureContext,
      // Who signed the certificate costs a client time and a server none; that the server has its key is verified all the same.
      rejectUnauthorized: false,
    } as ConnectionOptions;
  };
}

/** Opens a connection whose session others resume. */
async function sessionOf(options: ConnectionOptions): Promise<Buffer> {
  const socket = connect(options);
  const [session] = (await once(socket, "session")) as [Buffer];
  socket.destroy();
  return session;
}

/** One handshake after the other. */
function repeat(next: () => ConnectionOptions, session: Buffer | undefined, window: Window): void {
  const begin = performance.now();
  const socket = connect({ ...next(), session });
  socket.on("secureConnect", () => {
    if (socket.isSessionReused() !== (session !== undefined)) window.wrong(`resumed: ${socket.isSessionReused()}`);
    socket.end();
    socket.resume();
  });
  let failed = false;
  socket.on("error", (error) => {
    failed = true;
    window.wrong(error.message);
  });
  socket.on("close", () => {
    if (!failed) window.done(1, performance.now() - begin);
    repeat(next, session, window);
  });
}

/** What was agreed on, to be the same for all. */
async function verify(options: ConnectionOptions, version: string): Promise<void> {
  const socket = connect(options);
  await once(socket, "secureConnect");
  const key = socket.getEphemeralKeyInfo() as { readonly name?: string };
  const agreed = [socket.getProtocol(), key.name, keyTypeOf(socket)].join(" ");
  socket.destroy();
  if (agreed !== `${version} X25519 prime256v1`) throw new Error(`agreed on ${agreed}`);
}

function keyTypeOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.publicKey.asymmetricKeyDetails?.namedCurve;
}

async function main(): Promise<void> {
  const orders = readOrders();
  const handshake = orders.handshake!;
  const next = optionsOf(orders, handshake);
  await verify(next(), handshake.version);
  const session = handshake.resumed ? await sessionOf(next()) : undefined;
  const window = new Window(orders);
  for (let n = 0; n < orders.connections; n++) repeat(next, session, window);
  await window.run();
}

main().catch(giveUp);
