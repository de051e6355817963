// Name lookups, logged at level debug.
import type { Log } from "../core/log.ts";
import type { Lookup } from "../wire/names/system-lookup.ts";

/** The same look-up, with a line for what came of it. */
export function loggedLookup(lookUp: Lookup, log: Log): Lookup {
  return async (name) => {
    try {
      const addresses = await lookUp(name);
      log.debug?.("Name resolved", { name, addresses });
      return addresses;
    } catch (error) {
      log.debug?.("Name not resolved", { name, reason: (error as NodeJS.ErrnoException).code });
      throw error;
    }
  };
}
