// Short digests of plain values, for the keys of leases.
import { createHash } from "node:crypto";

/** 16 hexadecimal digits over the JSON text of a value. */
export function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
