// Derives the identity of a client from its certificate. Names are read from DER, because the text form that Node gives
// cannot be split safely (CVE-2021-44532).
import { createHash } from "node:crypto";
import type { ClientCertificate } from "../core/client-certificate.ts";
import {
  type AlternativeName,
  alternativeNames,
  type CertificateFields,
  certificateFields,
} from "./certificate-fields.ts";
import { hasControls } from "./der-text.ts";
import { commonName, escapeValue, nameHasControls, writtenName } from "./distinguished-name.ts";
import { TlsFault } from "./fault.ts";

const TAGS = { uri: "URI", dns: "DNS", email: "email", ip: "IP" } as const;

/**
 * Reads a certificate that has been verified. @param der of the certificate
 * @throws TlsFault when it contains no name, or a name with control characters; the client must then be refused
 */
export function clientCertificate(der: Buffer): ClientCertificate {
  const fields = certificateFields(der);
  const names = alternativeNames(fields) ?? [];
  const written = names.map(({ type, value }) => `${TAGS[type]}:${value}`);
  if (written.some(hasControls) || nameHasControls(fields.subject))
    throw new TlsFault("a name in the client certificate has a control character");
  const subject = subjectOf(fields, names);
  const issuer = writtenName(fields.issuer);
  if (subject === "") throw new TlsFault("the client certificate has no name");
  const fingerprint = createHash("sha256").update(der).digest("hex");
  return { subject, names: written, fingerprint, serial: fields.serial, issuer, notAfter: fields.notAfter };
}

function subjectOf({ subject }: CertificateFields, names: readonly AlternativeName[]): string {
  for (const wanted of ["uri", "dns", "email"] as const) {
    const found = names.find(({ type, value }) => type === wanted && value !== "");
    // Host names are case-insensitive; in lower case, all subjects can be compared byte by byte.
    if (found !== undefined) return wanted === "dns" ? found.value.toLowerCase() : found.value;
  }
  const common = commonName(subject) ?? "";
  return common === "" ? writtenName(subject) : escapeValue(common);
}
