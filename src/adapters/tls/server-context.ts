// One certificate with what is asked of its clients: a world of its own, whose sessions are resumed nowhere else.
import { constants, createHash } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { HandshakeWatch } from "../../core/handshake.ts";
import { type ClientProof, clientProof } from "../../tls/client-auth.ts";
import type { ServerCertificate, ServerTls } from "../../tls/server-tls.ts";
import { ticketKeys, ticketPeriod } from "../../tls/tickets.ts";
import { addressOf } from "../client-address.ts";
import { handshakeFault } from "./handshake-fault.ts";

/** What all contexts of a listener share. */
export interface ContextParts {
  readonly listener: string;
  /** Offered by ALPN (RFC 7301). */
  readonly protocols: readonly string[];
  /** Longest wait for a handshake, ms. */
  readonly handshakeMs: number;
  /** Issues session tickets where the configuration names no secret. */
  readonly ticketSecret: string;
  readonly watch: HandshakeWatch;
  /** Takes a socket whose handshake is over. */
  opened(socket: TLSSocket, context: ServerContext, proof: ClientProof): void;
}

/** A certificate in use. The server of Node's behind it is made with the first handshake, since most names are rarely asked. */
export class ServerContext {
  readonly certificate: ServerCertificate | null;
  readonly #tls: ServerTls;
  readonly #parts: ContextParts;
  #server: TlsServer | null = null;
  /** Of the keys of session tickets in use. */
  #period = -1;

  /** @param certificate null: there is none yet, and every handshake fails */
  constructor(certificate: ServerCertificate | null, tls: ServerTls, parts: ContextParts) {
    this.certificate = certificate;
    this.#tls = tls;
    this.#parts = parts;
  }

  get clients(): ServerTls["clients"] {
    return this.certificate?.clients ?? this.#tls.clients;
  }

  get forward(): ServerTls["forward"] {
    return this.#tls.forward;
  }

  /** Begins a handshake. Bytes that were read of the socket have been put back. */
  handshake(socket: Socket): void {
    this.#server ??= this.#make();
    const { tickets } = this.#tls;
    const period = ticketPeriod(Date.now());
    if (tickets !== null && period !== this.#period) {
      this.#period = period;
      this.#server.setTicketKeys(ticketKeys(tickets.secret || this.#parts.ticketSecret, this.#ticketContext(), period));
    }
    this.#server.emit("connection", socket);
  }

  /** Sessions of one are no sessions of another: what was proved here must not count there (CVE-2025-23419). */
  #ticketContext(): string {
    const hosts = [...(this.certificate?.hosts ?? [])].sort();
    const { minVersion, maxVersion } = this.#tls;
    return JSON.stringify([this.#parts.listener, hosts, this.clients.mode, this.clients.key, minVersion, maxVersion]);
  }

  #make(): TlsServer {
    const { watch } = this.#parts;
    const server = createServer(this.#options());
    server.on("tlsClientError", (error, socket) => {
      const missing =
        this.certificate === null ? ({ fault: "no_certificate", detail: "none is there yet" } as const) : null;
      const { fault, detail } = missing ?? handshakeFault(error, socket);
      watch.failed(fault, detail, addressOf(socket));
      socket.destroy();
    });
    server.on("secureConnection", (socket: TLSSocket) => this.#secured(socket));
    return server;
  }

  #secured(socket: TLSSocket): void {
    const { watch, opened } = this.#parts;
    const client = addressOf(socket);
    // Node hides an error of the handshake's socket behind that of the TLS socket, which needs a listener of its own.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // In TLS 1.3 a client looks at our certificate when the handshake is over for us (RFC 8446 §4.4).
      const { fault, detail } = handshakeFault(error, socket);
      if (fault === "refused_by_client") watch.failed(fault, detail, client);
      socket.destroy();
    });
    const proof = clientProof(socket, this.clients, Date.now());
    if ("fault" in proof) {
      watch.failed(proof.fault, proof.detail, client);
      return void socket.destroy();
    }
    watch.succeeded(() => ({
      client,
      version: socket.getProtocol(),
      cipher: socket.getCipher().name,
      serverName: (socket as { servername?: string | false }).servername || undefined,
      protocol: socket.alpnProtocol || undefined,
      resumed: socket.isSessionReused(),
    }));
    opened(socket, this, proof);
  }

  #options(): TlsOptions {
    const { protocols, handshakeMs } = this.#parts;
    const { minVersion, maxVersion, ciphers, groups, preferServerCipher, tickets } = this.#tls;
    const { mode, ca } = this.clients;
    return {
      ...(this.certificate === null ? {} : { cert: this.certificate.cert, key: this.certificate.key }),
      minVersion,
      maxVersion,
      ...(ciphers === "" ? {} : { ciphers }),
      ...(groups === "" ? {} : { ecdhCurve: groups }),
      honorCipherOrder: preferServerCipher,
      ALPNProtocols: [...protocols],
      requestCert: mode !== "none",
      rejectUnauthorized: mode !== "none" && mode !== "request" && ca !== "",
      ...(ca === "" ? {} : { ca }),
      handshakeTimeout: handshakeMs,
      // By default that of Node differs from process to process.
      sessionIdContext: createHash("sha256").update(this.#ticketContext()).digest("hex").slice(0, 32),
      ...(tickets === null ? { secureOptions: constants.SSL_OP_NO_TICKET } : { sessionTimeout: tickets.lifetimeS }),
    };
  }
}
