// Where users connect accounts, and disconnect them.
import type { AccountSettings } from "../../auth/accounts/settings.ts";
import type { Config } from "../../config/config.ts";
import { ACCOUNT_PATHS } from "../../config/meaning/llm/accounts.ts";
import { INTERNAL } from "../../config/meaning/services.ts";
import { fitsPattern } from "../../routing/pattern.ts";

/** Paths of the pages. */
export function accountPaths({ redirectUrl }: AccountSettings): readonly string[] {
  return [ACCOUNT_PATHS.login, ACCOUNT_PATHS.logout, new URL(redirectUrl).pathname];
}

/** Those that a rule with the service `_internal` has, so that its filters say who the user is. */
export function routedAccountPaths({ llmAccounts, rules }: Config): ReadonlySet<string> {
  if (llmAccounts === null) return new Set();
  const own = rules.filter(({ serviceName }) => serviceName === INTERNAL);
  return new Set(accountPaths(llmAccounts).filter((path) => own.some(({ pattern }) => fitsPattern(pattern, path))));
}
