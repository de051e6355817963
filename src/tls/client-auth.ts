// Decides, after the handshake, whether the certificate of a client satisfies `clientAuth`.
import type { TLSSocket } from "node:tls";
import type { HandshakeFault } from "../core/handshake.ts";
import { revoked } from "./revocation.ts";
import type { ClientAuth } from "./server-tls.ts";
import { validityOfOne } from "./validity.ts";

/** Why the connection of a client is closed: the reason for metrics, and a description for the log. */
interface ClientFault {
  readonly fault: HandshakeFault;
  readonly detail: string;
}

/** The certificates of a client, and whether they were verified. */
export interface ClientProof {
  /** DER, the certificate of the client first; empty if it sent none. */
  readonly chain: readonly Buffer[];
  readonly verified: boolean;
}

const NO_PROOF: ClientProof = { chain: [], verified: false };

/** Checks the certificate of a client whose handshake has completed. @param now ms since 1970 */
export function clientProof(socket: TLSSocket, clients: ClientAuth, now: number): ClientProof | ClientFault {
  if (clients.mode === "none") return NO_PROOF;
  const chain = chainOf(socket);
  const needed = clients.mode !== "request";
  if (chain.length === 0) {
    return needed ? { fault: "client_certificate_missing", detail: "no certificate" } : NO_PROOF;
  }
  // Without `ca` Node verifies against the system's CAs, from which anybody can get a certificate.
  if (clients.ca === "") return { chain, verified: false };
  const why = refusal(socket, chain, clients, now);
  if (why === null) return { chain, verified: true };
  return needed ? { fault: "client_certificate_refused", detail: why } : NO_PROOF;
}

function refusal(socket: TLSSocket, chain: readonly Buffer[], clients: ClientAuth, now: number): string | null {
  if (!socket.authorized) return String(socket.authorizationError);
  // OpenSSL does not verify the certificate again when a session is resumed.
  if (now >= validityOfOne(socket.getPeerX509Certificate()!).to) return "CERT_HAS_EXPIRED";
  return clients.revocation === null ? null : revoked(chain, clients.revocation, now);
}

/** Every certificate the client sent, in its order, even if they do not form a chain; only its own on a resumed session. */
function chainOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  for (let at = socket.getPeerX509Certificate(); at !== undefined; at = at.issuerCertificate) chain.push(at.raw);
  return chain;
}
