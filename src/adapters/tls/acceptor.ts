// Chooses certificate and client authentication by the ClientHello of each connection, and begins the handshake.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Secured } from "../../core/secured.ts";
import { readClientHello } from "../../tls/client-hello.ts";
import type { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { NameTable } from "../../tls/name-table.ts";
import type { ServerCertificate, ServerTls } from "../../tls/server-tls.ts";
import { validityOf } from "../../tls/validity.ts";
import { type Demand, SecuredConnection } from "./secured-connection.ts";
import { type ContextParts, ServerContext } from "./server-context.ts";
import { VALIDATION_PROTOCOL, ValidationHandshakes } from "./validation-handshakes.ts";

/** Settings and collaborators of an acceptor. */
interface AcceptorParts extends Omit<ContextParts, "opened"> {
  readonly issued: IssuedCertificates;
  /** Called with each socket whose handshake has succeeded. */
  opened(socket: TLSSocket, secured: Secured): void;
}

/** The TLS of one listener. Certificates may be replaced while it runs; demands on clients may not. */
export class TlsAcceptor {
  readonly #parts: AcceptorParts;
  readonly #contextParts: ContextParts;
  readonly #validations: ValidationHandshakes;
  #tls: ServerTls;
  #contexts: NameTable<ServerContext>;
  #demand: Demand;
  readonly #unfollow: () => void;

  constructor(tls: ServerTls, parts: AcceptorParts) {
    this.#parts = parts;
    this.#tls = tls;
    this.#contextParts = {
      ...parts,
      opened: (socket, context, proof) => parts.opened(socket, new SecuredConnection(context, proof, this.#demand)),
    };
    this.#validations = new ValidationHandshakes(parts.issued, parts.watch);
    this.#contexts = this.#makeContexts();
    this.#demand = demandOf(this.#contexts);
    this.#unfollow = parts.issued.follow(() => this.use(this.#tls));
  }

  /** Whether the first bytes of a connection suffice for {@link accept}. */
  static isEnough(bytes: Buffer): boolean {
    return readClientHello(bytes) !== null;
  }

  /** Begins the handshake. @param bytes the first of the connection, which have been put back */
  accept(socket: Socket, bytes: Buffer): void {
    const { protocols, serverName } = readClientHello(bytes)!;
    if (protocols.length === 1 && protocols[0] === VALIDATION_PROTOCOL) this.#validations.accept(socket, serverName);
    else this.#contexts.find(serverName).handshake(socket);
  }

  /** Replaces the certificates for new handshakes. Demands on clients must be unchanged: see `demandsOf`. */
  use(tls: ServerTls): void {
    this.#tls = tls;
    this.#contexts = this.#makeContexts();
    this.#demand = demandOf(this.#contexts);
  }

  stop(): void {
    this.#unfollow();
    this.#validations.stop();
  }

  #makeContexts(): NameTable<ServerContext> {
    const tls = this.#tls;
    const issued = this.#parts.issued.of(tls.issued).map(({ names, ...pair }): ServerCertificate => {
      return { ...pair, source: names.join(", "), hosts: names, clients: tls.clients, validity: validityOf(pair.cert) };
    });
    const entries = [...tls.certificates, ...issued].map((certificate) => {
      return [certificate.hosts, new ServerContext(certificate, tls, this.#contextParts)] as const;
    });
    return new NameTable(entries, entries[0]?.[1] ?? new ServerContext(null, tls, this.#contextParts));
  }
}

function demandOf(contexts: NameTable<ServerContext>): Demand {
  const keys = new Set([...contexts.values()].map(({ clients }) => clients.key));
  return keys.size === 1 ? null : (host) => contexts.find(host).clients;
}
