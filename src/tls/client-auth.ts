// What became of the certificate that a client was asked for.
import type { TLSSocket } from "node:tls";
import type { HandshakeFault } from "../core/handshake.ts";
import { revoked } from "./revocation.ts";
import type { ClientAuth } from "./server-tls.ts";
import { validityOfOne } from "./validity.ts";

/** Why a client is not served, and the reason in words. */
interface ClientFault {
  readonly fault: HandshakeFault;
  readonly detail: string;
}

/** The certificates of a client, and whether they prove who it is. */
export interface ClientProof {
  /** DER: its own first; empty when it has shown none. */
  readonly chain: readonly Buffer[];
  readonly verified: boolean;
}

const NO_PROOF: ClientProof = { chain: [], verified: false };

/** Looks at the certificate of a client after its handshake. @param now ms since 1970 */
export function clientProof(socket: TLSSocket, clients: ClientAuth, now: number): ClientProof | ClientFault {
  if (clients.mode === "none") return NO_PROOF;
  const chain = chainOf(socket);
  const needed = clients.mode !== "request";
  if (chain.length === 0) {
    return needed ? { fault: "client_certificate_missing", detail: "no certificate" } : NO_PROOF;
  }
  // Without CAs of its own Node would verify against those of the system: anybody can get a certificate from them.
  if (clients.ca === "") return { chain, verified: false };
  const why = refusal(socket, chain, clients, now);
  if (why === null) return { chain, verified: true };
  return needed ? { fault: "client_certificate_refused", detail: why } : NO_PROOF;
}

function refusal(socket: TLSSocket, chain: readonly Buffer[], clients: ClientAuth, now: number): string | null {
  if (!socket.authorized) return String(socket.authorizationError);
  // OpenSSL does not verify again who resumes a session.
  if (now >= validityOfOne(socket.getPeerX509Certificate()!).to) return "CERT_HAS_EXPIRED";
  return clients.revocation === null ? null : revoked(chain, clients.revocation, now);
}

/** All that the client sent, in its order, whether it belongs together or not; of a resumed session its own alone. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  for (let at = socket.getPeerX509Certificate(); at !== undefined; at = at.issuerCertificate) chain.push(at.raw);
  return chain;
}
