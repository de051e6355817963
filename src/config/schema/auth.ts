// `auth`: authentication of clients.
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

/** Whether requests must be authenticated; `optional`: requests without a credential are accepted as anonymous. */
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
  type: oneOf("type of the subject", SUBJECT_TYPES, "service"),
  scopes: strings("granted scopes, which rules require with `requiredScopes`"),
  tier: optional(oneOf("priority of its requests; default that of the rule", TIERS)),
  disabled: bool("reject the credential", false),
  metadata: free("sent to services in `X-Auth-Claims`"),
};

/** One API key. */
const key = object("One client with its key; a text is short for `key`", {
  id: str("identifier of the key in logs and limits; only in a list", ""),
  name: str("name of the key, for `apikey:name:…` in `authz.rbac`; default `id`, which it replaces in a list", ""),
  key: strings("the key itself; a list of two allows rotation without interruption"),
  hashedKey: strings("SHA-256 of the key instead, as printed by `gateway hash-key`; may be a list, too"),
  subject: str("subject of the client; default `id`", ""),
  expiresAt: str("time of expiry, such as `2027-01-31` or `2027-01-31T12:00:00Z`; empty = never", ""),
  ...who,
});

const keys = mapOrList("id → key, or a list of keys with their ids", orText(key, "key"));

/** Schema of the file `auth.apikey.keysFile`. */
export const keysFile = object("File of API keys", { keys });

/** true or false; configurations of older gateways name the algorithm. */
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
  headerName: strings("header that contains the key, or several that may; empty = none", ["X-API-Key"]),
  queryParam: str("query parameter that may also contain the key; empty = none", ""),
  cookieName: str("cookie that may also contain the key; empty = none", ""),
  scheme: str("scheme, if `Authorization: <scheme> <key>` may also contain the key; empty = none", ""),
  forward: bool("forward the key to services; otherwise it is stripped from all these places", false),
  hashKeys: hashed("`key` contains the hexadecimal SHA-256 of each key"),
  defaultScopes: strings("scopes of every key in addition to its own"),
  keysFile: str("YAML file with further `keys`, watched like the configuration itself; empty = none", ""),
  keys,
});

/** One user. */
const user = object("One user; a text is short for `passwordHash`", {
  name: str("name of the user; only in a list", ""),
  passwordHash: str("hash of the password, as printed by `gateway hash-key -password`", ""),
  subject: str("subject of the user; default the name", ""),
  ...who,
  type: oneOf("type of the subject", SUBJECT_TYPES, "user"),
});

const basic = object("", {
  enabled: bool("accept user names and passwords", false),
  realm: str("shown by browsers when they ask for a password", "gateway"),
  forward: bool("forward the password to services", false),
  users: mapOrList("name → password hash or user, or a list of users with their names", orText(user, "passwordHash")),
});

const mtls = object("", {
  enabled: bool("accept client certificates that a listener has verified", false),
  scopes: mapOf("subject of a certificate → its scopes", strings("scopes")),
});

/** `auth`. */
export const auth = object("Authentication of clients", {
  required: optional(need("default of `authRequired` for all rules; if unset, true with `oauth2`, else false")),
  providers: strings(
    "methods, in the order in which they are tried: `jwt`, `oauth2`, `session`, `apikey`, `basic`, `mtls`, `forward`; `oauth2` includes `session`; default all enabled ones",
  ),
  skipPaths: strings(
    "paths, including everything below, exempt from authentication: `/health`, `/public/*`; a rule's own `authRequired` takes precedence",
  ),
  requiredScopes: strings("scopes that every authenticated client must have, all of them"),
  failures: object(
    "Limit on invalid credentials per address (IPv6: /64), also at the management API; beyond it, the answer is 429",
    {
      max: int("maximum number within the window; 0 = no limit", 20),
      window: dur("length of the window, which begins with the first failure", 60_000),
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
    need("whether requests need a credential; `optional` = those without are anonymous; default `auth.required`"),
  ),
  authType: strings("methods that the rule accepts, in order; implies `authRequired`; default `auth.providers`"),
  authService: str(
    "name in `auth.forward.services` of the authorization service; implies `authRequired`; empty = `auth.forward` itself",
    "",
  ),
  requiredScopes: strings("scopes that clients of the rule must have, all of them; implies `authRequired`"),
  auth: object("Settings of methods for this rule; implies `authRequired`", {
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
