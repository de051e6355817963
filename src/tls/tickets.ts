// Derives the keys of session tickets (RFC 5077, RFC 8446 §4.6.1) from a secret and the context of a connection. Gateways
// with the same secret accept each other's tickets, and no other context accepts them.
import { hkdfSync } from "node:crypto";

/** How long a key is in use, ms. A ticket of an earlier key leads to a full handshake. */
const PERIOD_MS = 12 * 60 * 60 * 1000;
/** The size Node requires: name, HMAC key and AES key of 16 bytes each. */
const KEY_BYTES = 48;

/** The number of the period that contains a time. @param now ms since 1970 */
export function ticketPeriod(now: number): number {
  return Math.floor(now / PERIOD_MS);
}

/**
 * The argument for `setTicketKeys` of `tls.Server`, derived by HKDF (RFC 5869).
 * @param secret shared by the gateways that resume each other's sessions
 * @param context the listener, names and demands on clients for which a ticket is valid
 * @param period from {@link ticketPeriod}
 */
export function ticketKeys(secret: string, context: string, period: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, String(period), `gateway session tickets ${context}`, KEY_BYTES));
}
