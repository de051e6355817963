// Who made what providers keep, such as stored responses and files: only the same provider and key can find it again.
import { hash } from "node:crypto";
import { faultOf, LlmError } from "../message/fault.ts";
import { Recent } from "./recent.ts";

/** Where an object is. */
export interface Owner {
  /** Id of the provider. */
  readonly provider: string;
  /** Fingerprint of the credential. */
  readonly fingerprint: string;
}

/** Longest id that is kept, in characters; no provider makes longer ones. */
const MAX_ID = 512;

/**
 * Objects of providers → owner. An object is known only to the identity that made it, since clients that share keys of the
 * operator could read each other's conversations otherwise. Bounded: the one used longest ago is dropped.
 */
export class Owners {
  readonly #owners: Recent<Owner>;

  constructor(max: number) {
    this.#owners = new Recent(max);
  }

  get size(): number {
    return this.#owners.size;
  }

  /** Notes who made an object. @param identity of the client; "" anonymous @param id such as `resp_…`, `file-…`, `batch_…` */
  set(identity: string, id: string, owner: Owner): void {
    if (id === "" || id.length > MAX_ID) return;
    this.#owners.set(nameOf(identity, id), owner);
  }

  /** The owner of an object of the client; null: unknown. */
  get(identity: string, id: string): Owner | null {
    return id.length > MAX_ID ? null : (this.#owners.use(nameOf(identity, id)) ?? null);
  }

  delete(identity: string, id: string): void {
    this.#owners.delete(nameOf(identity, id));
  }
}

/** To be thrown where the owner of an object is needed and unknown. @param param where the request names it */
export function unknownOwner(param: string, id: string): LlmError {
  const what = `"${id.slice(0, 64)}" is not known here: it was not made through this gateway by this client, or too long ago`;
  return new LlmError(faultOf("notFound", what, param, "owner_not_found"));
}

/** Short, and without the text of either in memory. */
function nameOf(identity: string, id: string): string {
  return hash("sha256", `${identity}\n${id}`, "base64");
}
