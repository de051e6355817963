// The store shared by gateways that order certificates together: named texts, and locks that must be renewed.

/** Longest text kept, bytes: a chain of ten certificates and its key fit several times. */
export const MAX_RECORD_BYTES = 256 * 1024;

/** Folders of a store. */
export const SECTIONS = ["accounts", "certificates", "orders", "failures", "answers", "locks"] as const;
/** One of {@link SECTIONS}. */
export type Section = (typeof SECTIONS)[number];

/** Names a text. `name` has only `a-z A-Z 0-9 . _ -`, does not begin with a dot, and is at most 200 characters long. */
export interface RecordKey {
  readonly section: Section;
  readonly name: string;
}

/** Shared by several gateways. Every method may reject with an Error that names the place, and never the content. */
export interface AcmeStore {
  /** For messages: the folder, or the name of the Redis. */
  readonly place: string;
  /** Where a text is, for messages. */
  placeOf(key: RecordKey): string;
  /** The text, whole; null when there is none. */
  read(key: RecordKey): Promise<string | null>;
  /** Replaces the text: who reads meanwhile gets the old one or the new one, whole. */
  write(key: RecordKey, text: string): Promise<void>;
  /** Harmless when there is none. */
  remove(key: RecordKey): Promise<void>;
  /** Names of the texts in `answers`; some may be gone. */
  answers(): Promise<readonly string[]>;
  /** Removes answers to challenges that nobody will ask for any more, and remains of writes. */
  sweep(): Promise<void>;
  /** Takes the lock of that name; null while another holder lives. */
  lock(name: string): Promise<Lease | null>;
  /** Releases what the process holds of it. */
  close(): Promise<void>;
}

/** A lock that is held: it is renewed until it is released, and free by itself soon after its holder has died. */
export interface Lease {
  /** Aborted when somebody else has the lock, or it could not be renewed in time. */
  readonly lost: AbortSignal;
  /** Does not reject: a lock that cannot be released runs out. */
  release(): Promise<void>;
}

/** How long locks and answers live. */
export interface StoreTimes {
  /** A holder that was not heard for so long is dead, ms. */
  readonly leaseMs: number;
  /** Answers older than that are removed, ms. */
  readonly answerMs: number;
}

/** Three renewals fit in a lease. Authorities give up orders after a week, and look at answers within minutes. */
export const STORE_TIMES: StoreTimes = { leaseMs: 6_000, answerMs: 24 * 3_600_000 };

/** @throws RangeError when a name would not be safe as the name of a file */
export function checkKey({ section, name }: RecordKey): void {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/.test(name))
    throw new RangeError(`"${name}" cannot name a record in ${section}`);
}

/** @throws Error when a text is too long to be kept */
export function checkSize(place: string, bytes: number): void {
  if (bytes > MAX_RECORD_BYTES) throw new Error(`${place}: larger than ${MAX_RECORD_BYTES} bytes`);
}
