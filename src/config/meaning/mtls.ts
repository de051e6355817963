// Checks that a listener verifies the certificates for `auth.mtls`.
import type { ServerTls } from "../../tls/server-tls.ts";
import type { Draft } from "./draft.ts";

/** Warns if no listener verifies clients. @param served block → its TLS settings */
export function checkMtls(draft: Draft, served: ReadonlyMap<string, ServerTls>): void {
  if (!draft.written.auth.mtls.enabled) return;
  const verifies = [...served].some(([block, { clients, certificates }]) => {
    const demands = [clients, ...certificates.map((certificate) => certificate.clients)];
    return block !== "management.tls" && demands.some(({ mode, ca }) => mode !== "none" && ca !== "");
  });
  if (!verifies)
    draft.warn(
      ["auth", "mtls"],
      "auth.mtls: no listener verifies client certificates, so none is accepted; set tls.clientAuth and tls.clientCAFile",
    );
}
