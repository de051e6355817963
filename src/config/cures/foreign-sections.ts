// Names of the sections in which keys of other gateways are looked up, and the row type of those tables.

const ROOT = "";
/** Outside of `gateway`. */
export const FILE = "file";
export const HTTP = "frontend.http";
export const RULE = "router.rules[]";
export const SERVICE = "registry.static.services[]";
export const INSTANCE = `${SERVICE}.instances[]`;
export const LIMIT = `${RULE}.rateLimit`;
export const TOPS: readonly string[] = [FILE, ROOT];

/**
 * Sections; words in lower case without separators; the rest of the message; and the key of that section they stand in
 * for, so that it is not called missing as well.
 */
export type ForeignRow = readonly [sections: readonly string[], words: string, cure: string, means?: string];
