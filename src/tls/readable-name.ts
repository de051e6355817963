// How a certificate is called in messages to the operator.
import type { X509Certificate } from "node:crypto";
import { certificateFields } from "./certificate-fields.ts";
import { writtenName } from "./distinguished-name.ts";

const MAX_LENGTH = 200;

/** `"CN=Example CA,O=Example"`, quoted and bounded; by its serial number when it has no name. */
export function readableName({ raw, serialNumber }: X509Certificate): string {
  try {
    const name = writtenName(certificateFields(raw).subject);
    if (name !== "") return quoted(name);
  } catch {
    // OpenSSL reads some certificates that are no DER.
  }
  return `certificate ${serialNumber}`;
}

/** A name for a message: on one line, and not longer than a message should be. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH)}…` : name);
}
