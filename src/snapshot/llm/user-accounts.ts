// Compiles `llm.authAdapters.google`: pages by which users connect accounts, and their tokens. Both outlive reloads.
import { AccountStore } from "../../auth/accounts/account-store.ts";
import { accountUser } from "../../auth/accounts/account-user.ts";
import { Accounts } from "../../auth/accounts/accounts.ts";
import { AccountPages } from "../../auth/accounts/pages.ts";
import type { AccountSettings } from "../../auth/accounts/settings.ts";
import type { TokenEndpoint } from "../../auth/login/oauth-call.ts";
import { Sealer } from "../../auth/login/sealing.ts";
import type { Responder } from "../../core/responder.ts";
import type { UserAccounts } from "../../llm/credentials/credentials.ts";
import { digest } from "../digest.ts";
import type { Build } from "../runtime.ts";
import { accountPaths } from "./account-paths.ts";

interface Connected {
  readonly accounts: Accounts;
  readonly pages: AccountPages;
}

/** Path → page; empty: users cannot connect accounts. */
export function accountPages(build: Build): readonly (readonly [string, Responder])[] {
  const settings = build.config.llmAccounts;
  if (settings === null) return [];
  const { login, logout, callback } = connected(build, settings).pages;
  const [loginPath, logoutPath, callbackPath] = accountPaths(settings);
  return [
    [loginPath!, login],
    [logoutPath!, logout],
    [callbackPath!, callback],
  ];
}

/** Tokens of the users of requests; null: users cannot connect accounts. */
export function userAccounts(build: Build): UserAccounts | null {
  const settings = build.config.llmAccounts;
  if (settings === null) return null;
  const { accounts } = connected(build, settings);
  return {
    token(ctx) {
      const user = accountUser(ctx);
      return user === null ? null : accounts.token(user);
    },
  };
}

function connected({ leases, runtime }: Build, settings: AccountSettings): Connected {
  const { storeFile, storeKey } = settings;
  const sealer = new Sealer([storeKey]);
  const failed = (reason: string) =>
    runtime.log.error("Tokens of accounts cannot be written", { file: storeFile, reason });
  const store = leases.lease(
    `account-store|${digest([storeFile, storeKey])}`,
    () => new AccountStore(storeFile, sealer, failed),
    () => {},
  );
  return leases.lease(
    `accounts|${digest(settings)}`,
    () => {
      const endpoint = endpointOf(settings);
      const accounts = new Accounts(endpoint, store, Date.now);
      return { accounts, pages: new AccountPages({ settings, endpoint, accounts, sealer, now: Date.now }) };
    },
    () => {},
  );
}

function endpointOf({
  clientId,
  clientSecret,
  access,
  redirectUrl,
  authorizationUrl,
  tokenUrl,
}: AccountSettings): TokenEndpoint {
  const none = { userInfoEndpoint: "", introspectionEndpoint: "", endSessionEndpoint: "", jwksUri: "" };
  return {
    settings: { clientId, clientSecret, metadata: { access }, issuer: { algorithms: ["RS256"], clockSkewMs: 0 } },
    redirectUrl,
    metadata: {
      ...none,
      authorizationEndpoint: authorizationUrl,
      tokenEndpoint: tokenUrl,
      issuer: "",
      document: {},
    },
  };
}
