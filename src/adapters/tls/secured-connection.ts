// The properties of a TLS connection that its requests need. The client certificate is parsed at the first request.
import type { ErrorCode } from "../../core/errors.ts";
import { type Identity, identityOf } from "../../core/identity.ts";
import type { Secured } from "../../core/secured.ts";
import type { ClientProof } from "../../tls/client-auth.ts";
import { clientCertFields } from "../../tls/client-cert-fields.ts";
import { clientCertificate } from "../../tls/client-certificate.ts";
import type { ClientAuth } from "../../tls/server-tls.ts";
import type { ServerContext } from "./server-context.ts";

const NO_FIELDS: readonly string[] = [];

/** Client authentication by host name; null: all names demand the same. */
export type Demand = ((host: string) => ClientAuth) | null;

/** One TLS connection. */
export class SecuredConnection implements Secured {
  readonly #context: ServerContext;
  readonly #demand: Demand;
  /** undefined: not parsed yet; "unreadable": the certificate contains no name, or one with control characters. */
  #identity: Identity | null | "unreadable" | undefined;
  readonly #proof: ClientProof;
  #fields: readonly string[] | undefined;

  constructor(context: ServerContext, proof: ClientProof, demand: Demand) {
    this.#context = context;
    this.#proof = proof;
    this.#demand = demand;
    if (!proof.verified) this.#identity = null;
  }

  get chain(): readonly Buffer[] {
    return this.#proof.chain;
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
    // Client authentication for one name is none for a name that demands another (GHSA-5r4w-85f3-pw66).
    const wanted = this.#demand(host);
    return wanted.mode === "none" || wanted.key === this.#context.clients.key ? null : "misdirected";
  }

  #read(): Identity | null | "unreadable" {
    if (this.#identity === undefined) {
      try {
        const certificate = clientCertificate(this.#proof.chain[0]!);
        const { subject, notAfter } = certificate;
        this.#identity = identityOf({ subject, type: "service", method: "mtls", certificate, expiresAt: notAfter });
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
    // A chain that is too long for the fields is left out; a service that requires it then refuses the request.
    const fields = clientCertFields(leaf!, forward === "chain" ? chain : []) ?? clientCertFields(leaf!, []);
    if (fields === null) return NO_FIELDS;
    return ["Client-Cert", fields.cert, ...(fields.chain === "" ? [] : ["Client-Cert-Chain", fields.chain])];
  }
}
