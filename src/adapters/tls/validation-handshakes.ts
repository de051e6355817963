// Answers the TLS-ALPN-01 challenges of ACME (RFC 8737): handshakes for names with a pending challenge.
import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { HandshakeWatch } from "../../core/handshake.ts";
import type { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { addressOf } from "../client-address.ts";

/** ALPN protocol of the challenge. */
export const VALIDATION_PROTOCOL = "acme-tls/1";

/** Longest life of such a connection, ms. The authority needs nothing but the handshake. */
const LIFE_MS = 2000;
/** Most connections at once, since any client can open one. */
const MAX_OPEN = 100;
const NOT_PENDING = "no validation of this name is pending";

/** The challenge handshakes of one listener. */
export class ValidationHandshakes {
  readonly #issued: IssuedCertificates;
  readonly #watch: HandshakeWatch;
  readonly #open = new Set<Socket>();

  constructor(issued: IssuedCertificates, watch: HandshakeWatch) {
    this.#issued = issued;
    this.#watch = watch;
  }

  /** Serves one connection and closes it. @param name requested by the client, lower-case */
  accept(raw: Socket, name: string): void {
    const { validation } = this.#issued;
    raw.on("error", () => raw.destroy());
    if (validation === null) return this.#refuse(raw, NOT_PENDING);
    if (this.#open.size >= MAX_OPEN) return this.#refuse(raw, `${MAX_OPEN} validations are under way`);
    this.#open.add(raw);
    const timer = setTimeout(() => raw.destroy(), LIFE_MS);
    raw.once("close", () => {
      clearTimeout(timer);
      this.#open.delete(raw);
    });
    validation
      .alpnCertificate(name)
      .then((pair) => {
        if (raw.destroyed) return;
        if (pair === null) return this.#refuse(raw, NOT_PENDING);
        handshake(raw, pair);
      })
      .catch(() => this.#refuse(raw, "the stored answer is damaged"));
  }

  stop(): void {
    for (const raw of this.#open) raw.destroy();
  }

  #refuse(raw: Socket, detail: string): void {
    this.#watch.failed("no_shared_protocol", detail, addressOf(raw));
    raw.destroy();
  }
}

/** @throws Error when the certificate and key cannot be used */
function handshake(raw: Socket, pair: { readonly cert: string; readonly key: string }): void {
  const server = createServer({ ...pair, ALPNProtocols: [VALIDATION_PROTOCOL], minVersion: "TLSv1.2" });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("secureConnection", (socket) => socket.on("error", () => socket.destroy()).end());
  server.emit("connection", raw);
}
