// Compiles `auth.failures` into the counts of invalid credentials, which outlive reloads that do not change these settings.
import { FailedCredentials } from "../../auth/failures.ts";
import type { Build } from "../runtime.ts";

/** The counts that all methods share. */
export function failuresOf({ config, leases }: Build): FailedCredentials {
  const { failures } = config.auth;
  return leases.lease(
    `auth-failures|${failures.max}|${failures.windowMs}`,
    () => new FailedCredentials(failures, () => performance.now()),
    (counted) => counted.close(),
  );
}
