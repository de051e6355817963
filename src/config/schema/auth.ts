// `auth`: who may enter, and how clients prove who they are.
import { SUBJECT_TYPES } from "../../core/identity.ts";
import { TIERS } from "../../core/limiter.ts";
import type { Field, Infer } from "./field.ts";
import { mapOf, object, optional, wrongValue } from "./fields.ts";
import { forwardBlock } from "./forward.ts";
import { jwtBlock, ruleJwt } from "./jwt.ts";
import { mapOrList, orText } from "./map-or-list.ts";
import { oauth2Block, ruleOAuth2 } from "./oauth2.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, free, int, oneOf, str, strings } from "./scalars.ts";
import { session } from "./session.ts";

/** Whether requests must be authenticated: `optional` = who brings a credential is, the others pass as nobody. */
export type AuthNeed = boolean | "optional";

/** true, false or `optional`. */
function need(doc: string, fallback?: AuthNeed): Field<AuthNeed> {
  const flag = bool(doc);
  return {
    ...flag,
    type: "`true` `false` `optional`",
    json: { enum: [true, false, "optional"] },
    fallback,
    read(node, path, reading) {
      if (node.kind !== "scalar") {
        wrongValue(node, path, "true, false or optional", reading);
        return true;
      }
      return node.value === "optional" ? "optional" : flag.read(node, path, reading);
    },
  };
}

const who = {
  type: oneOf("what it is", SUBJECT_TYPES, "service"),
  scopes: strings("what it may do, as rules ask for it in `requiredScopes`"),
  tier: optional(oneOf("importance of its requests; default that of the rule", TIERS)),
  disabled: bool("refuse it", false),
  metadata: free("told to services in `X-Auth-Claims`"),
};

/** One API key. */
const key = object("One client with its key; a text is short for `key`", {
  id: str("name of the key, for logs and limits, in a list", ""),
  name: str("name of the key, for `apikey:name:…` in `authz.rbac`; default `id`, which it replaces in a list", ""),
  key: strings("the key itself; of two, one can replace the other without a gap"),
  hashedKey: strings("SHA-256 of the key instead, as `gateway hash-key` prints it; several as for `key`"),
  subject: str("who the client is; default `id`", ""),
  expiresAt: str("when it ends, such as `2027-01-31` or `2027-01-31T12:00:00Z`; empty = never", ""),
  ...who,
});

const keys = mapOrList("id → key, or a list of keys with their ids", orText(key, "key"));

/** What the file named by `auth.apikey.keysFile` consists of. */
export const keysFile = object("File of API keys", { keys });

/** true or false; files of older gateways name the algorithm. */
function hashed(doc: string): Field<boolean> {
  const flag = bool(doc, false);
  return {
    ...flag,
    read(node, path, reading) {
      const named = node.kind === "scalar" && /^sha-?256$/i.test(String(node.value));
      return named || flag.read(node, path, reading);
    },
  };
}

const apikey = object("", {
  enabled: bool("accept API keys", false),
  headerName: str("header that holds the key; empty = none", "X-API-Key"),
  queryParam: str("query parameter that holds it, too; empty = none", ""),
  cookieName: str("cookie that holds it, too; empty = none", ""),
  scheme: str("scheme of `Authorization: <scheme> <key>` that holds it, too; empty = none", ""),
  forward: bool("send the key on to services; otherwise it is taken out wherever it may stand", false),
  hashKeys: hashed("`key` holds the hexadecimal SHA-256 of each key"),
  defaultScopes: strings("scopes of every key beside its own"),
  keysFile: str("YAML file with further `keys`, watched as the configuration itself; empty = none", ""),
  keys,
});

/** One user. */
const user = object("One user; a text is short for `passwordHash`", {
  name: str("name of the user, in a list", ""),
  passwordHash: str("hash of the password, as `gateway hash-key -password` prints it", ""),
  subject: str("who the user is; default the name", ""),
  ...who,
  type: oneOf("what it is", SUBJECT_TYPES, "user"),
});

const basic = object("", {
  enabled: bool("accept user names and passwords", false),
  realm: str("what browsers show when they ask for a password", "gateway"),
  forward: bool("send the password on to services", false),
  users: mapOrList("name → password hash or user, or a list of users with their names", orText(user, "passwordHash")),
});

const mtls = object("", {
  enabled: bool("accept client certificates that a listener has verified", false),
  scopes: mapOf("subject of a certificate → its scopes", strings("scopes")),
});

/** `auth`. */
export const auth = object("Authentication of clients", {
  required: optional(
    need("what holds for rules that say nothing in `authRequired`; default true with `oauth2`, else false"),
  ),
  providers: strings(
    "methods, in the order they are asked: `jwt`, `oauth2`, `session`, `apikey`, `basic`, `mtls`, `forward`; `oauth2` includes `session`; default all that are enabled",
  ),
  skipPaths: strings(
    "paths, with all below, that need no credential: `/health`, `/public/*`; a rule's own `authRequired` wins",
  ),
  requiredScopes: strings("scopes that every authenticated client must hold, all of them"),
  failures: object(
    "Wrong credentials by address (IPv6: /64), also at the management API; who has too many is answered 429",
    {
      max: int("how many within the window; 0 = any number", 20),
      window: dur("how long they count, from the first one on", 60_000),
    },
  ),
  jwt: jwtBlock,
  oauth2: oauth2Block,
  session,
  apikey: orSwitch(apikey, "API keys: true, false or a block, which is on unless it says otherwise"),
  basic: orSwitch(
    basic,
    "User names and passwords (Basic): true, false or a block, which is on unless it says otherwise",
  ),
  mtls: orSwitch(mtls, "Client certificates: true, false or a block, which is on unless it says otherwise"),
  forward: forwardBlock,
});

/** Keys of a rule. */
export const ruleAuth = {
  authRequired: optional(
    need("whether requests need a credential; `optional` = those without pass as nobody; default `auth.required`"),
  ),
  authType: strings("methods that the rule accepts, in order; implies `authRequired`; default `auth.providers`"),
  authService: str(
    "name in `auth.forward.services` of the authorization service; implies `authRequired`; empty = `auth.forward` itself",
    "",
  ),
  requiredScopes: strings("scopes that clients of the rule must hold, all of them; implies `authRequired`"),
  auth: object("Methods as they are for this rule; implies `authRequired`", {
    jwt: optional(ruleJwt),
    oauth2: optional(ruleOAuth2),
  }),
};

/** Effective `auth`. */
export type AuthSection = Infer<typeof auth>;
/** One API key as written. */
export type KeySection = Infer<typeof key>;
/** One user as written. */
export type UserSection = Infer<typeof user>;
