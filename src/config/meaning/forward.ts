// Reads and validates `auth.forward`: authorization services.
import type { ForwardService } from "../../auth/forward/settings.ts";
import { isSafeUrl } from "../../auth/provider-fetch.ts";
import { trustAnchors } from "../../tls/trust-anchors.ts";
import { plainHost } from "../../wire/authority.ts";
import { ACCEPT_ENCODING, AUTHORIZATION, knownField, OTHER } from "../../wire/known.ts";
import type { ForwardSection } from "../schema/forward.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { TlsReader } from "./tls-reader.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Set by the gateway from the identity. */
const OWN = /^x-auth-(subject|type|provider|scopes|claims)$/;
/** Fields about the answer itself, its body or its connection. */
const BOUND = /^(content-|grpc-|sec-websocket-|date$|server$|set-cookie$|location$|www-authenticate$)/;

/** Lists of headers, and the names that are valid in them. */
const LISTS = {
  requestHeaders: (lower: string) => [OTHER, AUTHORIZATION, ACCEPT_ENCODING].includes(knownField(lower)),
  responseHeaders: (lower: string) => (isPlain(lower) || lower.startsWith("x-auth-")) && !BOUND.test(lower),
  clientHeaders: (lower: string) => isPlain(lower) && !/^(content-|grpc-|date$)/.test(lower),
};
const SINGLE = ["subjectHeader", "scopesHeader", "groupsHeader", "rolesHeader"] as const;

/** Reads and validates the section. @param files records the files that are read */
export function readForward(draft: Draft, files: SourceFiles): Readonly<Record<string, ForwardService>> {
  const { forward } = draft.written.auth;
  const place: Place = ["auth", "forward"];
  const reader = new TlsReader(draft, files);
  const named = Object.entries(forward.services);
  const services: Record<string, ForwardService> = {};
  if (forward.url !== "" || named.length === 0) services[""] = readService(draft, reader, forward, place, "forward");
  for (const [name, section] of named) {
    const at = [...place, "services", name];
    if (name === "" || name === "forward" || /\p{Cc}/u.test(name))
      draft.error(at, `auth.forward.services: "${name}" is not a valid name for a service`);
    services[name] = readService(draft, reader, section, at, name);
  }
  return services;
}

function readService(
  draft: Draft,
  reader: TlsReader,
  section: ForwardSection,
  place: Place,
  name: string,
): ForwardService {
  const fault = (key: string, message: string) => draft.error([...place, key], `${dotted(place)}.${key}: ${message}`);
  const list = (key: keyof typeof LISTS) => {
    for (const text of section[key]) {
      const lower = text.toLowerCase();
      if (key === "responseHeaders" && OWN.test(lower))
        fault(key, `the gateway sets "${text}" itself; use subjectHeader`);
      else if (!TOKEN.test(lower) || !LISTS[key](lower)) fault(key, `"${text}" cannot be forwarded`);
    }
    return section[key].map((text) => text.toLowerCase());
  };
  for (const key of SINGLE)
    if (section[key] !== "" && !TOKEN.test(section[key])) fault(key, `"${section[key]}" is not a valid header name`);
  if (section.timeout === 0) fault("timeout", "must be more than 0");
  const selected = list("requestHeaders");
  return {
    name,
    ...addressOf(draft, section, place),
    timeoutMs: section.timeout,
    maxBodyBytes: section.maxBodySize,
    maxConnections: section.maxConnections,
    ca: anchorsOf(reader, section, place),
    requestHeaders: selected.length === 0 ? null : selected,
    responseHeaders: list("responseHeaders"),
    clientHeaders: list("clientHeaders"),
    subjectHeader: section.subjectHeader.toLowerCase(),
    scopesHeader: section.scopesHeader.toLowerCase(),
    groupsHeader: section.groupsHeader.toLowerCase(),
    rolesHeader: section.rolesHeader.toLowerCase(),
  };
}

function addressOf(
  draft: Draft,
  { url, allowHTTP, caFile }: ForwardSection,
  block: Place,
): Pick<ForwardService, "place" | "target"> {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const place = [...block, "url"];
  const fault = urlFault(url, parsed, allowHTTP);
  // The source line is not shown if it may contain a password.
  if (fault !== null) draft.problems.error(draft.at(place), `${dotted(place)}: ${fault}`, url.includes("@"));
  const { protocol, hostname, port, pathname, search } = parsed ?? new URL("http://localhost/");
  const scheme = protocol === "https:" ? "https" : "http";
  if (caFile !== "" && scheme === "http")
    draft.error([...block, "caFile"], `${dotted(block)}.caFile: has no effect without https`);
  return {
    place: { scheme, address: plainHost(hostname), port: Number(port || (scheme === "https" ? 443 : 80)) },
    target: pathname + search,
  };
}

function urlFault(url: string, parsed: URL | null, allowHTTP: boolean): string | null {
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return "needs the http or https URL of the service";
  if (parsed.username + parsed.password !== "") return "must not contain a user or password";
  if (parsed.hash !== "") return "must not contain a fragment";
  return isSafeUrl(url) || allowHTTP
    ? null
    : "over http, anyone on the path can forge answers; use https, or set allowHTTP: true";
}

function anchorsOf(reader: TlsReader, { caFile }: ForwardSection, place: Place): string {
  if (caFile === "") return "";
  return reader.read(caFile, [...place, "caFile"], (bytes) => trustAnchors(bytes.toString(), Date.now()).pem) ?? "";
}

function isPlain(lower: string): boolean {
  return [OTHER, AUTHORIZATION].includes(knownField(lower));
}
