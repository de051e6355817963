// The host names and addresses a certificate is valid for, by which a listener chooses one for each client.
import { isIP } from "node:net";
import { alternativeNames, certificateFields } from "./certificate-fields.ts";
import { commonName } from "./distinguished-name.ts";

/** The names a certificate is valid for. */
interface CertificateNames {
  /** Lower-case, without a trailing dot; may include wildcards such as `*.example.org`. */
  readonly dns: readonly string[];
  /** IP addresses in their canonical text form. */
  readonly ips: readonly string[];
}

/**
 * The names in `subjectAltName`, or the common name of a certificate without that extension (RFC 6125 §6.4.4). Names that
 * are not valid host names are left out, since no client can send them. @param der of one certificate @throws TlsFault
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

/** Whether a name is a host name, or one with `*` as its first label. */
function isHostPattern(name: string): boolean {
  return (
    name.length <= 253 && /^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/.test(name)
  );
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
