// Short digests of plain values, for keys that say what makes two things the same.
import { createHash } from "node:crypto";

/** 16 hexadecimal digits over the JSON text of a value. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
