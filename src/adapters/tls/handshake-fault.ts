// Classifies errors of failed TLS handshakes by the codes of OpenSSL and Node.
import type { TLSSocket } from "node:tls";
import type { HandshakeFault } from "../../core/handshake.ts";

const FAULTS: readonly (readonly [pattern: RegExp, fault: HandshakeFault])[] = [
  [
    /NO_SHARED_CIPHER|NO_CIPHERS|NO_SUITABLE_SIGNATURE_ALGORITHM|NO_SHARED_GROUP|NO_SUITABLE_KEY_SHARE/,
    "no_shared_cipher",
  ],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION|INAPPROPRIATE_FALLBACK/, "no_shared_version"],
  [/NO_APPLICATION_PROTOCOL/, "no_shared_protocol"],
  [/HTTP_REQUEST|HTTPS_PROXY_REQUEST/, "plain_http"],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|UNEXPECTED_MESSAGE|BAD_RECORD_TYPE|RECORD_TOO_SMALL/,
    "not_tls",
  ],
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, "client_certificate_missing"],
  [/CERTIFICATE_VERIFY_FAILED/, "client_certificate_refused"],
  [/_ALERT_/, "refused_by_client"],
  [/HANDSHAKE_TIMEOUT/, "timeout"],
  [/ECONNRESET|EPIPE|ECONNABORTED/, "closed"],
];

/** The cause, and a description for the log. */
export function handshakeFault(
  error: NodeJS.ErrnoException,
  socket: TLSSocket,
): { readonly fault: HandshakeFault; readonly detail: string } {
  // For a client certificate that it does not accept, Node reports the same error as for a client that disconnects.
  const refusal = socket.authorizationError as unknown as string | Error | null | undefined;
  if (refusal !== null && refusal !== undefined) {
    const detail = String(refusal);
    const missing = detail === "UNABLE_TO_GET_ISSUER_CERT";
    return { fault: missing ? "client_certificate_missing" : "client_certificate_refused", detail };
  }
  const code = error.code ?? "";
  const fault = FAULTS.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
  return {
    fault,
    detail: code
      .replace(/^ERR_(SSL|TLS)_/, "")
      .toLowerCase()
      .replaceAll("_", " "),
  };
}
