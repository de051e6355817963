// The body length declared in the head of a reply, so that the adapter can enforce it (RFC 9112 §6.3).
import { dropFields, getField } from "../wire/fields.ts";

const CONTENT_LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** Said in the log of a reply that is not what its head announced. */
export const SURPLUS = "the service sent more than it announced";
export const SHORTAGE = "the service sent less than it announced";

/** Whether the reply has no body whatever its fields say: answers to HEAD, 204, 205 and 304 (RFC 9110 §6.4.1, §15.3.6). */
export function isBodiless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 205 || status === 304;
}

/**
 * Makes the fields, in place, say how long the body is.
 * @param bodiless see {@link isBodiless}
 * @param length bytes of body; -1 unknown
 * @returns bytes that may be written; Infinity when unknown
 */
export function announce(bodiless: boolean, status: number, fields: string[], length: number): number {
  // A client that does not know that 205 has no body reads an empty one.
  if (status === 204 || status === 205) dropFields(fields, CONTENT_LENGTH);
  if (status === 205) fields.push("Content-Length", "0");
  if (bodiless) return 0;
  if (length < 0) return Number.POSITIVE_INFINITY;
  if (getField(fields, "content-length") === undefined) fields.push("Content-Length", String(length));
  return length;
}
