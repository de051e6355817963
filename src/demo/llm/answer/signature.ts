// Signatures of thoughts: each provider accepts only those it has made itself.
import { createHash } from "node:crypto";

/**
 * A signature.
 * @param maker the provider's API, such as `anthropic`
 * @param account of the key, where a signature is good for its own account only; "" for all
 */
export function sign(maker: string, thought: string, account = ""): string {
  return Buffer.from(`${maker}:${account}:${digest(`${maker}\n${account}\n${thought}`)}`).toString("base64");
}

/** Whether a signature is of a maker and account, whatever thought it proves. */
export function isOf(signature: unknown, maker: string, account = ""): boolean {
  if (typeof signature !== "string") return false;
  const [by, to] = Buffer.from(signature, "base64").toString("latin1").split(":");
  return by === maker && to === account;
}

/** 32 hexadecimal digits. */
export function digest(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
