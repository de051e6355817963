// A TLS context for one certificate and its client authentication. Its sessions cannot be resumed in any other context.
import { constants, createHash } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { HandshakeWatch } from "../../core/handshake.ts";
import { type ClientProof, clientProof } from "../../tls/client-auth.ts";
import type { ServerCertificate, ServerTls } from "../../tls/server-tls.ts";
import { ticketKeys, ticketPeriod } from "../../tls/tickets.ts";
import { addressOf } from "../client-address.ts";
import { handshakeFault } from "./handshake-fault.ts";

/** Settings and collaborators that all contexts of a listener share. */
export interface ContextParts {
  readonly listener: string;
  /** Protocols accepted through ALPN (RFC 7301). */
  readonly protocols: readonly string[];
  /** Longest wait for a handshake, ms. */
  readonly handshakeMs: number;
  /** Secret for session tickets if the configuration has none. */
  readonly ticketSecret: string;
  readonly watch: HandshakeWatch;
  /** Called with each socket whose handshake has succeeded. */
  opened(socket: TLSSocket, context: ServerContext, proof: ClientProof): void;
}

/** One certificate in use. Its `tls.Server` is created at the first handshake, since most names are rarely requested. */
export class ServerContext {
  readonly certificate: ServerCertificate | null;
  readonly #tls: ServerTls;
  readonly #parts: ContextParts;
  #server: TlsServer | null = null;
  /** The period of the session ticket keys in use. */
  #period = -1;

  /** @param certificate null: none has been issued yet, and every handshake fails */
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

  /** Begins a handshake. Bytes that were read from the socket must have been put back. */
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

  /** Distinguishes contexts: a session must not carry client authentication from one to another (CVE-2025-23419). */
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
    // After the handshake, errors are emitted on the TLS socket and no longer by the server.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // In TLS 1.3 a client may refuse our certificate after the handshake has completed on our side (RFC 8446 §4.4).
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
      // The default of Node differs between processes.
      sessionIdContext: createHash("sha256").update(this.#ticketContext()).digest("hex").slice(0, 32),
      ...(tickets === null ? { secureOptions: constants.SSL_OP_NO_TICKET } : { sessionTimeout: tickets.lifetimeS }),
    };
  }
}
