// Which account has made objects that providers keep, such as stored responses and files: only its key can find them.
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

interface Owned {
  readonly owner: Owner;
  /** Digest of the identity. */
  readonly identity: string;
}

/**
 * Objects of providers → owner. An object is known only to the identity that made it, since clients that share keys of the
 * operator could read each other's conversations otherwise. Bounded: the one used longest ago is dropped.
 */
export class Owners {
  readonly #owned: Recent<Owned>;

  constructor(max: number) {
    this.#owned = new Recent(max);
  }

  get size(): number {
    return this.#owned.size;
  }

  /**
   * Notes who made an object; what another identity has made stays its own.
   * @param identity of the client; "" anonymous
   * @param id such as `resp_…`, `file-…`, `batch_…`
   */
  set(identity: string, id: string, owner: Owner): void {
    if (id === "" || id.length > MAX_ID) return;
    const name = nameOf(id);
    const known = this.#owned.peek(name);
    const maker = digestOf(identity);
    if (known === undefined || known.identity === maker) this.#owned.set(name, { owner, identity: maker });
  }

  /**
   * The owner of an object of the client; null: unknown.
   * @param param where the request names it
   * @throws LlmError `notFound`: another identity has made it
   */
  get(identity: string, id: string, param: string): Owner | null {
    if (id.length > MAX_ID) return null;
    const known = this.#owned.use(nameOf(id));
    if (known === undefined) return null;
    if (known.identity !== digestOf(identity)) throw unknownOwner(param, id);
    return known.owner;
  }

  /** Whether the client has made an object. */
  isOwn(identity: string, id: string): boolean {
    return id.length <= MAX_ID && this.#owned.peek(nameOf(id))?.identity === digestOf(identity);
  }
}

/** To be thrown where the owner of an object is needed and unknown. @param param where the request names it */
export function unknownOwner(param: string, id: string): LlmError {
  const what = `"${id.slice(0, 64)}" is not known here: it was not made through this gateway by this client, or too long ago`;
  return new LlmError(faultOf("notFound", what, param, "owner_not_found"));
}

/** Gemini writes ids as `files/abc`, or as the end of a URL. */
function nameOf(id: string): string {
  return digestOf(id.slice(id.lastIndexOf("/") + 1));
}

/** Short, and without the text in memory. */
function digestOf(text: string): string {
  return hash("sha256", text, "base64");
}
