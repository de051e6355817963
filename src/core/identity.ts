// Who a request is from, once its credential was accepted.
import type { ClientCertificate } from "./client-certificate.ts";

/** An authenticated client. */
export interface Identity {
  /** Never empty. */
  readonly subject: string;
  /** Id of the API key it came with; "" with any other credential. */
  readonly apiKey: string;
  /** The certificate it was authenticated by; null: it was by something else. */
  readonly certificate: ClientCertificate | null;
}
