// `llm.authAdapters.google`: validated settings of accounts that users connect.
import type { AccountSettings } from "../../../auth/accounts/settings.ts";
import { isSafeUrl } from "../../../auth/provider-fetch.ts";
import { canonicalPath } from "../../../wire/path.ts";
import type { Environment } from "../../schema/environment.ts";
import type { LlmAccountsSection } from "../../schema/llm-accounts.ts";
import { isUnresolved } from "../../text/placeholders.ts";
import type { Draft } from "../draft.ts";

/** Shorter keys can be guessed from the file. */
const MIN_KEY = 32;
const PLACE = ["llm", "authAdapters", "google"] as const;

/** Pages of the gateway itself. */
export const ACCOUNT_PATHS = { login: "/_gateway/llm/google/login", logout: "/_gateway/llm/google/logout" } as const;

/** Accounts, or null: no account can be connected. The environment completes a block that is written. */
export function readAccounts(draft: Draft, section: LlmAccountsSection, env: Environment): AccountSettings | null {
  if (!draft.isGiven(PLACE.join("."))) return null;
  const fault = (key: string, why: string) => draft.error([...PLACE, key], `${PLACE.join(".")}.${key}: ${why}`);
  const orEnv = (value: string, name: string) => (value === "" || isUnresolved(value) ? (env[name] ?? "") : value);
  const clientId = orEnv(section.clientId, "GOOGLE_CLIENT_ID");
  if (clientId === "") return null;
  const { scopes, tokenStore, tokenStoreKey, authorizationUrl, tokenUrl } = section;
  const redirectUrl = orEnv(section.redirectUri, "GOOGLE_REDIRECT_URI");
  if (redirectUrl === "") fault("redirectUri", "must be set with clientId");
  else if (!isRedirect(redirectUrl))
    fault("redirectUri", "must be an https:// URL, or http:// on this machine, with a path of its own and no query");
  for (const [key, url] of Object.entries({ authorizationUrl, tokenUrl }))
    if (!isSafeUrl(url)) fault(key, "must be an https:// URL, or http:// on this machine");
  if (isUnresolved(tokenStoreKey) || tokenStoreKey.length < MIN_KEY)
    fault("tokenStoreKey", `needs at least ${MIN_KEY} characters; openssl rand -hex 32 makes one`);
  if (tokenStore === "") fault("tokenStore", "must not be empty");
  if (scopes.length === 0) fault("scopes", "must not be empty");
  return {
    clientId,
    clientSecret: orEnv(section.clientSecret, "GOOGLE_CLIENT_SECRET"),
    authorizationUrl,
    tokenUrl,
    redirectUrl,
    scopes,
    storeFile: tokenStore,
    storeKey: tokenStoreKey,
    access: { ca: "", proxy: "" },
  };
}

function isRedirect(text: string): boolean {
  if (!isSafeUrl(text)) return false;
  const { pathname, search, hash } = new URL(text);
  const isOwn = Object.values<string>(ACCOUNT_PATHS).includes(pathname);
  return search === "" && hash === "" && pathname !== "/" && !isOwn && canonicalPath(pathname) === pathname;
}
