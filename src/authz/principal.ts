// Principals, to which roles are bound: a subject, a group, a role or scope of the credential, a claim, an API key, or a
// subject of one issuer.
import type { Identity } from "../core/identity.ts";

/** The kinds, which are also the prefixes in the configuration; `subject` has none. */
const KINDS = ["subject", "user", "service", "device", "group", "role", "scope", "claim", "apikey", "oauth2"] as const;
/** One of the kinds. */
type PrincipalKind = (typeof KINDS)[number];

/** One principal, as plain data. */
export interface Principal {
  readonly kind: PrincipalKind;
  /** Name of the claim or issuer; "" for other kinds. */
  readonly name: string;
  readonly value: string;
}

/** The prefixes. */
export const PREFIXES: readonly string[] = KINDS.filter((kind) => kind !== "subject");

/** Says why a text is not a principal. */
export class PrincipalError extends Error {
  /** The prefix, if that is unknown. */
  readonly prefix: string;

  constructor(message: string, prefix = "") {
    super(message);
    this.prefix = prefix;
  }
}

/**
 * Parses `ann`, `user:ann`, `group:ops`, `claim:team=web`, `oauth2:corp:ann` and so on.
 * @throws PrincipalError
 */
export function parsePrincipal(text: string): Principal {
  const colon = text.indexOf(":");
  const prefix = colon === -1 ? "subject" : text.slice(0, colon);
  const kind = KINDS.find((each) => each === prefix);
  if (kind === undefined || (kind === "subject" && colon !== -1))
    throw new PrincipalError(`unknown prefix "${prefix}:"`, prefix);
  const rest = text.slice(colon + 1);
  if (rest === "") throw new PrincipalError("the name is empty");
  if (kind === "claim") return splitAt(rest, "=", kind, "claim:<name>=<value>");
  if (kind === "oauth2") return splitAt(rest, ":", kind, "oauth2:<provider>:<subject>");
  if (rest === "*") throw new PrincipalError('"*" is not a wildcard here: names are compared exactly');
  return { kind, name: "", value: rest };
}

function splitAt(text: string, mark: string, kind: PrincipalKind, form: string): Principal {
  const at = text.indexOf(mark);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || value === "") throw new PrincipalError(`the form is ${form}`);
  return { kind, name, value };
}

/** A key that differs for different principals. */
export function principalKey({ kind, name, value }: Principal): string {
  return `${kind} ${name.length} ${name}${value}`;
}

/** Methods without an issuer that a binding could name. */
const WITHOUT_ISSUER: ReadonlySet<string> = new Set(["apikey", "basic", "mtls", "forward"]);

/** The principals of an identity except claims. @param subject "" if the identity has none */
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
