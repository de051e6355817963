// Who a role is bound to: a subject, a group, a role or scope of its credential, a claim, an API key, a subject of one issuer.
import type { Identity } from "../core/identity.ts";

/** Kinds of principals, which are also their prefixes; `subject` has none. */
const KINDS = ["subject", "user", "service", "device", "group", "role", "scope", "claim", "apikey", "oauth2"] as const;
/** One of the kinds. */
export type PrincipalKind = (typeof KINDS)[number];

/** One principal, as plain data. */
export interface Principal {
  readonly kind: PrincipalKind;
  /** Of the claim or the issuer; "" with any other kind. */
  readonly name: string;
  readonly value: string;
}

/** What can be written before a colon. */
export const PREFIXES: readonly string[] = KINDS.filter((kind) => kind !== "subject");

/** What is wrong with a principal, with the prefix that is not known, if that is it. */
export class PrincipalError extends Error {
  readonly prefix: string;

  constructor(message: string, prefix = "") {
    super(message);
    this.prefix = prefix;
  }
}

/**
 * Reads `ann`, `user:ann`, `group:ops`, `claim:team=web`, `oauth2:corp:ann` and so on.
 * @throws PrincipalError
 */
export function parsePrincipal(text: string): Principal {
  const colon = text.indexOf(":");
  const prefix = colon === -1 ? "subject" : text.slice(0, colon);
  const kind = KINDS.find((each) => each === prefix);
  if (kind === undefined || (kind === "subject" && colon !== -1))
    throw new PrincipalError(`there is no prefix "${prefix}:"`, prefix);
  const rest = text.slice(colon + 1);
  if (rest === "") throw new PrincipalError("it names nobody");
  if (kind === "claim") return splitAt(rest, "=", kind, "claim:<name>=<value>");
  if (kind === "oauth2") return splitAt(rest, ":", kind, "oauth2:<provider>:<subject>");
  if (rest === "*") throw new PrincipalError('"*" stands for nobody here: names are compared to the letter');
  return { kind, name: "", value: rest };
}

function splitAt(text: string, mark: string, kind: PrincipalKind, form: string): Principal {
  const at = text.indexOf(mark);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || value === "") throw new PrincipalError(`it is written ${form}`);
  return { kind, name, value };
}

/** Different for different principals. */
export function principalKey({ kind, name, value }: Principal): string {
  return `${kind} ${name.length} ${name}${value}`;
}

/** Methods whose subjects the configuration or a handshake names: no issuer vouches for them. */
const WITHOUT_ISSUER: ReadonlySet<string> = new Set(["apikey", "basic", "mtls", "forward"]);

/** All that an identity is, but for its claims. @param subject "" = it has none of the kind that is asked for */
export function principalsOf(identity: Identity, subject: string): readonly Principal[] {
  const { type, provider, method, apiKey, groups, roles, scopes } = identity;
  const all = (kind: PrincipalKind, values: readonly string[], name = "") =>
    values.map((value) => ({ kind, name, value }));
  const named = subject === "" ? [] : [subject];
  return [
    ...all("subject", named),
    ...all(type, named),
    ...(WITHOUT_ISSUER.has(method) ? [] : all("oauth2", named, provider)),
    ...(method === "apikey" ? all("apikey", [apiKey]) : []),
    ...all("group", groups),
    ...all("role", roles),
    ...all("scope", scopes),
  ];
}
