// What requests on a TLS connection are told of it. Read when the first one asks: most connections have no certificate.
import type { ErrorCode } from "../../core/errors.ts";
import type { Identity } from "../../core/identity.ts";
import type { Secured } from "../../core/secured.ts";
import type { ClientProof } from "../../tls/client-auth.ts";
import { clientCertFields } from "../../tls/client-cert-fields.ts";
import { clientCertificate } from "../../tls/client-certificate.ts";
import type { ClientAuth } from "../../tls/server-tls.ts";
import type { ServerContext } from "./server-context.ts";

const NO_FIELDS: readonly string[] = [];

/** What is asked of clients that ask for a host; null: the same whatever host they ask for. */
export type Demand = ((host: string) => ClientAuth) | null;

/** One connection. */
export class SecuredConnection implements Secured {
  readonly #context: ServerContext;
  readonly #demand: Demand;
  /** undefined: not read yet; "unreadable": it names nobody, or could be taken for another. */
  #identity: Identity | null | "unreadable" | undefined;
  readonly #proof: ClientProof;
  #fields: readonly string[] | undefined;

  constructor(context: ServerContext, proof: ClientProof, demand: Demand) {
    this.#context = context;
    this.#proof = proof;
    this.#demand = demand;
    if (!proof.verified) this.#identity = null;
  }

  get identity(): Identity | null {
    const read = this.#read();
    return read === "unreadable" ? null : read;
  }

  get certificateFields(): readonly string[] {
    this.#fields ??= this.#makeFields();
    return this.#fields;
  }

  refusal(host: string): ErrorCode | null {
    if (this.#read() === "unreadable") return "certificate_unreadable";
    if (this.#demand === null) return null;
    // Proof that was given for one name says nothing where another was asked for (GHSA-5r4w-85f3-pw66).
    const wanted = this.#demand(host);
    return wanted.mode === "none" || wanted.key === this.#context.clients.key ? null : "misdirected";
  }

  #read(): Identity | null | "unreadable" {
    if (this.#identity === undefined) {
      try {
        const certificate = clientCertificate(this.#proof.chain[0]!);
        this.#identity = { subject: certificate.subject, apiKey: "", certificate };
      } catch {
        this.#identity = "unreadable";
      }
    }
    return this.#identity;
  }

  #makeFields(): readonly string[] {
    const { forward } = this.#context;
    if (forward === "none" || this.identity === null) return NO_FIELDS;
    const [leaf, ...chain] = this.#proof.chain;
    // A chain that is longer than fields may be is left out, as a service that needs it will find.
    const fields = clientCertFields(leaf!, forward === "chain" ? chain : []) ?? clientCertFields(leaf!, []);
    if (fields === null) return NO_FIELDS;
    return ["Client-Cert", fields.cert, ...(fields.chain === "" ? [] : ["Client-Cert-Chain", fields.chain])];
  }
}
