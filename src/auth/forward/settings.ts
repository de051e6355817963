// Settings of forward authentication: a service that is asked about each request.
import type { Place } from "../../wire/authority.ts";

/** One service. Names of fields are in lower case. */
export interface ForwardService {
  /** Vouches for identities, and names it in logs. */
  readonly name: string;
  readonly place: Place;
  /** Path and query it is asked at. */
  readonly target: string;
  /** For question and answer, the connection included, ms. */
  readonly timeoutMs: number;
  /** Of its answers. */
  readonly maxBodyBytes: number;
  /** Questions under way at once; more of them wait. */
  readonly maxConnections: number;
  /** PEM trust anchors; "" = those of the runtime. */
  readonly ca: string;
  /** Fields of the client it is told; null: all that say something to it. */
  readonly requestHeaders: readonly string[] | null;
  /** Fields of its answer that the request takes along. */
  readonly responseHeaders: readonly string[];
  /** Fields of its answer that the client gets with the reply. */
  readonly clientHeaders: readonly string[];
  /** Fields of its answer that say who the request is from; "" none. */
  readonly subjectHeader: string;
  readonly scopesHeader: string;
  readonly groupsHeader: string;
  readonly rolesHeader: string;
}

/** Credentials, which clients may send whoever else vouches for fields of that name. */
const CREDENTIALS: ReadonlySet<string> = new Set(["authorization", "cookie"]);

/** Names of which the client's own word counts for nothing. @param besides whether that holds for its credentials, too */
export function assertedNames(service: ForwardService, besides: boolean): readonly string[] {
  const { responseHeaders, subjectHeader, scopesHeader, groupsHeader, rolesHeader } = service;
  return [...responseHeaders, subjectHeader, scopesHeader, groupsHeader, rolesHeader].filter(
    (name) => name !== "" && (besides || !CREDENTIALS.has(name)),
  );
}
