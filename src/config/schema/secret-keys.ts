// Which keys contain secrets: their values never appear in output or messages.

const SECRET_KEY =
  /(^|-)(authorization|cookie|proxy)$|password|passphrase|secret|token(?!Query|Header|Cookie|Validation|Check|Url|Endpoint|Store$)|credential|(api|private|hmac)[-_]?key/i;
/**
 * Mappings from arbitrary names to secrets, and lists of blocks with secrets: everything below is secret unless known
 * not to be.
 */
const SECRET_MAP =
  /^management\.auth\.users\.|^auth\.(apikey\.keys|basic\.users)(?:$|[.[])(?!.*\.(id|name|subject|type|scopes|tier|disabled|expiresAt|metadata)\b)/;
/** Headers for providers of language models that hold no secret. */
const OPEN_HEADERS =
  /^llm\.providers\.[^.]+\.headers\.(http-referer|x-title|openai-(organization|project|beta)|anthropic-(version|beta))$/i;
const HEADERS = /^llm\.providers\.[^.]+\.headers\./;
/** Blocks whose name looks like that of a secret, but which are not secret. */
const OPEN_BLOCKS: ReadonlySet<string> = new Set(["auth.apikey"]);
/** Names of roles and of those who have them may contain such words; only `metadata` may hold secrets. */
const OPEN_NAMES = /^authz\.(?!.*\.metadata\b)/;
/** A line that gives a key of `auth` its value: no other `key` has long ones without a colon. */
const KEY_LINE = /\b(hashedKey|key)["']?\s*:\s*[[\s"']*[^\s"',:}\]]{16,}|scrypt\$/;

/** Whether a key of that name contains a secret. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key);
}

/** Whether a key on the path contains a secret. @param path dotted, below `gateway` */
export function isSecretPath(path: string): boolean {
  if (OPEN_NAMES.test(path)) return false;
  if (SECRET_MAP.test(path) || (HEADERS.test(path) && !OPEN_HEADERS.test(path))) return true;
  const open = [...OPEN_BLOCKS].find((block) => path.startsWith(`${block}.`));
  return (open === undefined ? path : path.slice(open.length + 1)).split(".").some(isSecretKey);
}

/** Whether everything below a key is secret. @param path of the key, dotted, below `gateway` */
export function isSecretBlock(path: string, key: string): boolean {
  return isSecretKey(key) && !OPEN_BLOCKS.has(path) && !OPEN_NAMES.test(path);
}

/** Whether a line of YAML may contain the value of a secret key: the one that a message is about, or one beside it. */
export function namesSecret(line: string): boolean {
  if (KEY_LINE.test(line)) return true;
  return [...line.matchAll(/[\w-]+(?=["']?\s*:)/g)].some(([key]) => key === "users" || isSecretKey(key));
}
