// Which keys hold secrets: their values appear in no output and no message.

const SECRET_KEY = /(^|-)(authorization|cookie)$|password|secret|token|credential|(api|private)[-_]?key/i;
/** Keys of a mapping whose values are secrets, though their names are free. */
const SECRET_MAP = /^management\.auth\.users\./;

/** Whether a key of that name holds a secret. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Whether the place itself, or any key above it, says that the value is a secret. @param path dotted, below `gateway` */
export function isSecretPath(path: string): boolean {
  return SECRET_MAP.test(path) || path.split(".").some(isSecretKey);
}
