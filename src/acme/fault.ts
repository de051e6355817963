// Whether what an authority sent, or a store has kept, can be shown to clients.
import { createPrivateKey } from "node:crypto";
import { certificatesOf } from "../tls/certificate-chain.ts";
import { type KeyPair, pairFault } from "../tls/key-pair.ts";

/** Why it cannot; null when it can. */
export function faultOf({ cert, key }: KeyPair): string | null {
  try {
    return pairFault(certificatesOf(cert), createPrivateKey(key));
  } catch (error) {
    return (error as Error).message;
  }
}
