// Checks `management`: settings that would admit everyone, and settings that cannot work.
import type { ManagementSection } from "../schema/management.ts";
import { isUnresolved } from "../text/placeholders.ts";
import type { Draft } from "./draft.ts";
import { checkRanges } from "./ip-lists.ts";

/** Credentials that can be shown: those that are empty or hold an unset variable never match. */
export interface UsableCredentials {
  /** null: none. */
  readonly token: string | null;
  /** `name:password`, as basic authentication shows them. */
  readonly users: readonly string[];
}

/** The credentials of the type that is asked for. Both empty: a token must be made. */
export function usableCredentials({ auth }: ManagementSection): UsableCredentials {
  const token = auth.type !== "basic" && isUsable(auth.token) ? auth.token : null;
  const users = auth.type === "token" ? [] : Object.entries(auth.users).filter(([, password]) => isUsable(password));
  return { token, users: users.map(([name, password]) => `${name}:${password}`) };
}

/** Whether a host to bind can only be reached from the machine itself. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Checks the section where it is enabled. */
export function checkManagement(draft: Draft): void {
  const { management } = draft.written;
  if (!management.enabled) return;
  const { auth, basePath, host } = management;
  if (!/^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/.test(basePath) || !basePath.startsWith("/")) {
    draft.error(["management", "basePath"], `management.basePath: "${basePath}" is not a path such as /management`);
  }
  if (!auth.enabled && !isLoopback(host)) {
    draft.error(
      ["management", "auth", "enabled"],
      `management.auth.enabled: false would open the API to the network on "${host}"; bind a loopback address instead`,
    );
  }
  for (const [name, password] of Object.entries(auth.users)) {
    if (name === "" || name.includes(":")) {
      draft.error(
        ["management", "auth", "users", name],
        `management.auth.users: a name must not be empty or contain a colon`,
      );
    }
    if (password === "")
      draft.warn(["management", "auth", "users", name], "a user without a password can never log in");
  }
  const unused = auth.type === "token" ? "users" : auth.type === "basic" ? "token" : null;
  if (unused !== null && Object.keys(auth[unused]).length > 0) {
    draft.warn(["management", "auth", unused], `management.auth.${unused} is not used with type ${auth.type}`);
  }
  checkRanges(draft, ["management", "allowedIPs"], management.allowedIPs);
}

function isUsable(credential: string): boolean {
  return credential !== "" && !isUnresolved(credential);
}
