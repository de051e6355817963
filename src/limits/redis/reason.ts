// Classifies errors of Redis by one word, because their text may contain users and addresses.

/** The system's code (`ECONNREFUSED`), or Redis's (`WRONGPASS`), or the kind of error. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return code;
  if (error.name === "MaxRetriesPerRequestError" || error.message === "Connection is closed.") return "connection lost";
  if (error.message.startsWith("All sentinels are unreachable")) return "no sentinel names a master";
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? error.name;
}
