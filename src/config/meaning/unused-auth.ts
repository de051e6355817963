// Warns about ways to authenticate that protect nothing, because no rule requires them.
import type { Draft } from "./draft.ts";
import { isSet } from "./implied-auth.ts";
import type { Known } from "./known.ts";

/** Client certificates are left out: listeners may require them themselves. `oauth2` makes rules require authentication. */
const METHODS = ["jwt", "apikey", "basic", "forward"] as const;

/** Warns when no rule requires authentication, and neither the section nor every rule says that this is intended. */
export function checkUnusedAuth(draft: Draft, { rules }: Pick<Known, "rules">): void {
  const { auth, router } = draft.written;
  if (draft.isGiven("auth.required") || rules.some((rule) => rule.auth !== null)) return;
  if (router.rules.every((rule) => rule.authRequired !== null || isSet(rule.metadata.skipAuth))) return;
  const method = METHODS.find((each) => auth[each].enabled);
  if (method === undefined) return;
  const message = `auth.${method}: no rule requires authentication, so it protects nothing; write auth.required: true, or authRequired: true in rules`;
  draft.warn(["auth", method], message);
}
