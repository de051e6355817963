// Settings of forward authentication.
import type { Place } from "../../wire/authority.ts";

/** One authorization service. Field names are in lower case. */
export interface ForwardService {
  /** `provider` of the identities it names, and its name in logs. */
  readonly name: string;
  readonly place: Place;
  /** Path and query of check requests. */
  readonly target: string;
  /** For one check, including the connection, ms. */
  readonly timeoutMs: number;
  /** Largest body of an answer. */
  readonly maxBodyBytes: number;
  /** Maximum number of connections; further checks wait. */
  readonly maxConnections: number;
  /** PEM trust anchors; "" = those of the runtime. */
  readonly ca: string;
  /** Client fields to include in check requests; null: all but those about the body, the connection and conditions. */
  readonly requestHeaders: readonly string[] | null;
  /** Fields of a permitting answer to set on the request. */
  readonly responseHeaders: readonly string[];
  /** Fields of a permitting answer to set on the reply. */
  readonly clientHeaders: readonly string[];
  /** Fields of a permitting answer that contain the identity; "" = none. */
  readonly subjectHeader: string;
  readonly scopesHeader: string;
  readonly groupsHeader: string;
  readonly rolesHeader: string;
}

/** Clients may send these to other rules whose backends verify them. */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/** Names of fields that only the service may set. @param credentials whether `Authorization` and `Cookie` are included */
export function assertedNames(service: ForwardService, credentials: boolean): readonly string[] {
  const { responseHeaders, subjectHeader, scopesHeader, groupsHeader, rolesHeader } = service;
  return [...responseHeaders, subjectHeader, scopesHeader, groupsHeader, rolesHeader].filter(
    (name) => name !== "" && (credentials || !CREDENTIALS.has(name)),
  );
}
