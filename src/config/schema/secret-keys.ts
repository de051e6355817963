// Which keys hold secrets: their values appear in no output and no message.

const SECRET_KEY =
  /(^|-)(authorization|cookie)$|password|passphrase|secret|token|credential|(api|private|hmac)[-_]?key/i;
/** Mappings from free names to secrets. */
const SECRET_MAP = /^management\.auth\.users\./;

/** Whether a key of that name holds a secret. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Whether a key of the path is that of a secret. @param path dotted, below `gateway` */
export function isSecretPath(path: string): boolean {
  return SECRET_MAP.test(path) || path.split(".").some(isSecretKey);
}

/** Whether a line of YAML may have the value of a secret key in it, be it the key that a message is about or one beside it. */
export function namesSecret(line: string): boolean {
  return [...line.matchAll(/[\w-]+(?=["']?\s*:)/g)].some(([key]) => key === "users" || isSecretKey(key));
}
