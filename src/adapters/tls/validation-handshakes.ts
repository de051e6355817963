// Handshakes by which an authority checks that a name is ours (RFC 8737): answered for pending names, and then closed.
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { HandshakeWatch } from "../../core/handshake.ts";
import type { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { addressOf } from "../client-address.ts";

/** ALPN protocol of such handshakes. */
export const VALIDATION_PROTOCOL = "acme-tls/1";

/** Longest life of such a connection, ms: an authority needs its handshake and nothing else. */
const LIFE_MS = 2000;
/** Most at once; anybody can ask for one. */
const MAX_OPEN = 100;

/** Those of one listener. */
export class ValidationHandshakes {
  readonly #issued: IssuedCertificates;
  readonly #watch: HandshakeWatch;
  readonly #open = new Set<Socket>();

  constructor(issued: IssuedCertificates, watch: HandshakeWatch) {
    this.#issued = issued;
    this.#watch = watch;
  }

  /** @param name asked for, lower-case */
  accept(raw: Socket, name: string): void {
    const { validation } = this.#issued;
    raw.on("error", () => raw.destroy());
    if (validation === null || this.#open.size >= MAX_OPEN) return this.#refuse(raw);
    this.#open.add(raw);
    const timer = setTimeout(() => raw.destroy(), LIFE_MS);
    raw.once("close", () => {
      clearTimeout(timer);
      this.#open.delete(raw);
    });
    void validation.alpnCertificate(name).then((pair) => {
      if (raw.destroyed) return;
      if (pair === null) return this.#refuse(raw);
      const server = createServer({ ...pair, ALPNProtocols: [VALIDATION_PROTOCOL], minVersion: "TLSv1.2" });
      server.on("tlsClientError", (_, socket) => socket.destroy());
      server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()).end());
      server.emit("connection", raw);
    });
  }

  stop(): void {
    for (const raw of this.#open) raw.destroy();
  }

  #refuse(raw: Socket): void {
    this.#watch.failed("no_shared_protocol", "no validation of this name is pending", addressOf(raw));
    raw.destroy();
  }
}
