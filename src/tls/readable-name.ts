// Names of certificates in messages to the operator.
import type { X509Certificate } from "node:crypto";
import { certificateFields } from "./certificate-fields.ts";
import { writtenName } from "./distinguished-name.ts";

const MAX_LENGTH = 200;
const MAX_LISTED = 3;

/** The subject, quoted and bounded: `"CN=Example CA,O=Example"`; the serial number if there is no subject. */
export function readableName({ raw, serialNumber }: X509Certificate): string {
  try {
    const name = writtenName(certificateFields(raw).subject);
    if (name !== "") return quoted(name);
  } catch {
    // OpenSSL also accepts certificates that are not strict DER.
  }
  return `certificate ${serialNumber}`;
}

/** A name in quotes, on one line, cut at 200 characters. */
export function quoted(name: string): string {
  const line = name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
  return `"${line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line}"`;
}

/** The first three names and the number of the others: `a, b, c and 5 more`. */
export function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED;
  return names.slice(0, MAX_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
