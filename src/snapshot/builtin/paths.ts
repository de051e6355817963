// What the gateway answers itself under a configuration: before its routes, and where no route matches.
import type { LoginPaths } from "../../auth/login/settings.ts";
import type { Config } from "../../config/config.ts";
import { accountPaths } from "../llm/account-paths.ts";

/** Canonical paths, and listeners that take no other. */
export interface BuiltinPaths {
  /** Looked at before routes. */
  readonly first: readonly string[];
  /** Looked at when no route matched. */
  readonly last: readonly string[];
  /** Status by name of each listener that redirects everything else. */
  readonly redirects: ReadonlyMap<string, number>;
}

/** Paths that probes and scrapers ask, whether before or behind the routes. */
export function ownPaths(config: Config): ReadonlySet<string> {
  const { first, last } = builtinPaths(config);
  const { session } = config.auth;
  const accounts = config.llmAccounts === null ? [] : accountPaths(config.llmAccounts);
  const asked = ["/_gateway/echo", ...accounts, ...(session === null ? [] : loginPaths(session.paths))];
  return new Set([...first, ...last].filter((path) => !asked.includes(path)));
}

/** The paths of one configuration. `/_gateway/` and everything below it is always the gateway's own besides. */
export function builtinPaths(config: Config): BuiltinPaths {
  const { auth, health, metrics, frontend, listeners, llmAccounts } = config;
  const paths = [health.healthPath, health.readyPath, health.livePath];
  const first = ["/_gateway/health", "/_gateway/ready", "/_gateway/live"];
  if (frontend.http.echo) first.push("/_gateway/echo");
  if (metrics.enabled && metrics.port === 0) first.push(metrics.path);
  if (health.enabled === true) first.push(...paths);
  if (auth.session !== null) first.push(...loginPaths(auth.session.paths));
  if (llmAccounts !== null) first.push(...accountPaths(llmAccounts));
  const redirects = new Map(
    listeners.flatMap(({ name, redirect }) => (redirect === null ? [] : [[name, redirect.status]])),
  );
  return { first, redirects, last: health.enabled === null ? paths : [] };
}

function loginPaths({ login, callbacks, logout }: LoginPaths): readonly string[] {
  return [login, ...callbacks, logout];
}
