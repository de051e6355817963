// Reads and validates the places where tokens are accepted.
import type { CredentialPlaces } from "../../auth/credential-places.ts";
import { knownField, OTHER } from "../../wire/known.ts";
import { type Draft, dotted, type Place } from "./draft.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One place: the name and value of its setting. */
interface Written {
  readonly key: string;
  readonly value: string;
}

/** Reads and validates them. @param block that contains them */
export function readPlaces(
  draft: Draft,
  block: Place,
  { header, prefix, cookie, query }: Readonly<Record<"header" | "prefix" | "cookie" | "query", Written>>,
): CredentialPlaces {
  const fault = ({ key }: Written, message: string) =>
    draft.error([...block, key], `${dotted(block)}.${key}: ${message}`);
  const name = header.value.toLowerCase();
  const isFree = TOKEN.test(name) && name !== "cookie" && knownField(name) === OTHER;
  if (name !== "" && name !== "authorization" && !isFree) fault(header, `"${header.value}" cannot contain a token`);
  const word = prefix.value.trim().toLowerCase();
  if (word !== "" && !TOKEN.test(word)) fault(prefix, `"${prefix.value}" is not a valid scheme`);
  if (word === "basic") fault(prefix, "Basic is for user names and passwords");
  if (cookie.value !== "" && !TOKEN.test(cookie.value)) fault(cookie, `"${cookie.value}" is not a valid name`);
  if (name + cookie.value + query.value === "")
    draft.error(block, `${dotted(block)}: tokens need a header, cookie or query parameter`);
  return { header: name, prefix: word, cookie: cookie.value, query: query.value, subprotocol: true };
}
