// Keys of session tickets (RFC 5077, RFC 8446 §4.6.1): derived, so that gateways with one secret take each other's tickets,
// and that a ticket is worth nothing where it was not issued.
import { hkdfSync } from "node:crypto";

/** A key issues tickets for this long, ms. Tickets of the key before it lead to a full handshake. */
const PERIOD_MS = 12 * 60 * 60 * 1000;
/** What Node takes: name, HMAC key, AES key. */
const KEY_BYTES = 48;

/** Which period a time is in. @param now ms since 1970 */
export function ticketPeriod(now: number): number {
  return Math.floor(now / PERIOD_MS);
}

/**
 * Keys for `setTicketKeys` of `tls.Server`, by HKDF (RFC 5869).
 * @param secret equal in all gateways that shall resume each other's sessions
 * @param context where tickets shall be resumed, and nowhere else: listener, names, what is asked of clients
 */
export function ticketKeys(secret: string, context: string, period: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, String(period), `gateway session tickets ${context}`, KEY_BYTES));
}
