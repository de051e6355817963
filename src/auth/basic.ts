// Authentication by user name and password (RFC 7617).
import { isUtf8 } from "node:buffer";
import type { Identity } from "../core/identity.ts";
import { type Authenticator, type AuthResult, invalid } from "./authenticator.ts";
import { authorizationOf } from "./authorization.ts";
import type { FailedCredentials } from "./failures.ts";
import type { PasswordChecks } from "./password-checks.ts";
import { decoyOf, type PasswordHash, parsePasswordHash } from "./password-hash.ts";

/** One user. */
export interface BasicUser {
  readonly name: string;
  /** In the format of `parsePasswordHash`. */
  readonly passwordHash: string;
  readonly disabled: boolean;
  readonly identity: Identity;
}

/** Settings of the method. */
export interface BasicSettings {
  /** Shown when a browser asks for a password. */
  readonly realm: string;
  /** Whether the password is forwarded to backends. */
  readonly forward: boolean;
  readonly users: readonly BasicUser[];
}

/** Maximum length of a credential, in characters of base64. */
const MAX_LENGTH = 2048;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MALFORMED = invalid("not a user name and password");

/** The name and password, without control characters; null: malformed. @param credential base64 of `name:password` */
export function parseLogin(credential: string): { readonly name: string; readonly password: string } | null {
  if (credential.length > MAX_LENGTH || !BASE64.test(credential)) return null;
  const bytes = Buffer.from(credential, "base64");
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString();
  const colon = text.indexOf(":");
  if (colon === -1 || /[\x00-\x1f\x7f]/.test(text)) return null;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The hash that the password of an identity has matched. While a user has it, that password need not be checked again. */
const matched = new WeakMap<Identity, string>();

/** Makes the method. @param failures used to skip queued checks for addresses with too many failures */
export function basic(
  { realm, forward, users }: BasicSettings,
  checks: PasswordChecks,
  failures: FailedCredentials,
): Authenticator {
  const known = new Map(users.map((user) => [user.name, { user, stored: parsePasswordHash(user.passwordHash)! }]));
  // Unknown names cost as much as the most expensive known user, so that response times do not reveal which names exist.
  const decoy = decoyOf(costliest([...known.values()].map(({ stored }) => stored)));
  for (const { identity, passwordHash } of users) matched.set(identity, passwordHash);
  const stateOf = ({ name, disabled, identity }: BasicUser): AuthResult =>
    disabled ? invalid(`user "${name}" is disabled`) : identity;
  const identify: Authenticator["identify"] = (credential, { clientIp: address }) => {
    const login = parseLogin(credential);
    if (login === null) return MALFORMED;
    const { name, password } = login;
    const found = known.get(name);
    const verdict = (accepted: boolean | null): AuthResult => {
      if (accepted === null) return { code: "auth_unavailable", why: "too many passwords are being checked" };
      if (found === undefined) return invalid("unknown user");
      return accepted ? stateOf(found.user) : invalid(`wrong password of user "${found.user.name}"`);
    };
    const client = { address, isThrottled: () => failures.waitFor(address) > 0 };
    const checked = checks.check(name, password, found?.user.passwordHash ?? "", found?.stored ?? decoy, client);
    return checked === true ? verdict(true) : checked.then(verdict);
  };
  return {
    method: "basic",
    challenge: `Basic realm="${realm}", charset="UTF-8"`,
    credentialOf: ({ fields }) => authorizationOf(fields, "basic"),
    identify,
    recheck(credential, ctx) {
      const user = known.get(parseLogin(credential)?.name ?? "")?.user;
      const isSame = user !== undefined && ctx.identity !== null && matched.get(ctx.identity) === user.passwordHash;
      return isSame ? stateOf(user) : identify(credential, ctx);
    },
    strip(ctx) {
      if (!forward && authorizationOf(ctx.fields, "basic") !== null) ctx.edited().drop("authorization");
    },
  };
}

function costliest(hashes: readonly PasswordHash[]): PasswordHash | undefined {
  const costOf = ({ n, r, p }: PasswordHash) => n * r * p;
  return [...hashes].sort((a, b) => costOf(b) - costOf(a))[0];
}
