// The names that a certificate is good for, to choose one by the name a client asks for.
import { isIP } from "node:net";
import { alternativeNames, certificateFields } from "./certificate-fields.ts";
import { commonName } from "./distinguished-name.ts";

/** Names of a certificate. */
interface CertificateNames {
  /** Lower-case, without a dot at the end; `*.example.org` among them. */
  readonly dns: readonly string[];
  /** IP addresses in their usual short form. */
  readonly ips: readonly string[];
}

/**
 * The names of its extension `subjectAltName`; its common name only where it has no such extension (RFC 6125 §6.4.4).
 * Names that no client can ask for are left out. @param der of one certificate @throws TlsFault
 */
export function certificateNames(der: Buffer): CertificateNames {
  const fields = certificateFields(der);
  const names = alternativeNames(fields) ?? [{ type: "dns", value: commonName(fields.subject) ?? "" }];
  const of = (wanted: string) => names.filter(({ type }) => type === wanted).map(({ value }) => value);
  const hosts = of("dns").map((name) => name.toLowerCase().replace(/\.$/, ""));
  return {
    dns: unique(hosts.filter((name) => isHostPattern(name) && isIP(name) === 0)),
    ips: unique([...of("ip"), ...hosts.filter((name) => isIP(name) !== 0)]),
  };
}

/** A host name, or one with `*` in place of its first label. */
function isHostPattern(name: string): boolean {
  return (
    name.length <= 253 && /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name)
  );
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
