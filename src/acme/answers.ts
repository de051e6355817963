// Responses to challenges of an authority, whichever gateway has ordered the certificate.
import { createHash } from "node:crypto";
import { PendingAnswers } from "./pending-answers.ts";
import { ALPN_ANSWERS, type AlpnAnswer, HTTP_ANSWERS, type Records } from "./records.ts";
import type { AcmeStore } from "./store.ts";

/** Where authorities ask over HTTP (RFC 8555 §8.3). */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** Letters of a token (RFC 8555 §8.1); those of known authorities are 43 characters long. */
const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;
/** Answers that are read at once; further questions are answered as if nothing were pending. */
const MAX_QUESTIONS = 100;

/** Name of the answer to an HTTP-01 challenge. */
export function httpAnswerName(token: string): string {
  return `http-${token}`;
}

/** Name of the answer to a TLS-ALPN-01 challenge; host names may be longer than names of records. */
export function alpnAnswerName(host: string): string {
  return `alpn-${createHash("sha256").update(host).digest("hex")}`;
}

/** Whether it may be a token, by its letters and its length. */
export function isToken(token: string): boolean {
  return TOKEN.test(token);
}

/**
 * Answers from one store, which is opened for the first question. Nobody can make it read what is not there, or more than
 * {@link MAX_QUESTIONS} answers at once.
 */
export class ChallengeAnswers {
  readonly #open: () => Promise<AcmeStore>;
  readonly #names: ReadonlySet<string>;
  readonly #failed: (error: Error) => void;
  #store: Promise<AcmeStore> | null = null;
  readonly #pending = new PendingAnswers(() => this.#look());
  #asking = 0;

  /** @param names that certificates are ordered for @param failed is told when the store cannot be asked */
  constructor(open: () => Promise<AcmeStore>, names: Iterable<string>, failed: (error: Error) => void) {
    this.#open = open;
    this.#names = new Set(names);
    this.#failed = failed;
  }

  /** The body for `/.well-known/acme-challenge/TOKEN`; null: it is no token of ours. Does not reject. */
  async httpAnswer(token: string): Promise<string | null> {
    if (!isToken(token)) return null;
    const answer = await this.#ask(HTTP_ANSWERS, httpAnswerName(token));
    return answer?.keyAuthorization ?? null;
  }

  /**
   * The certificate for a handshake that offers `acme-tls/1` alone; null: no challenge is pending for the name. Does not reject.
   * @param name from SNI, in any case of letters
   */
  async alpnCertificate(name: string): Promise<Pick<AlpnAnswer, "cert" | "key"> | null> {
    const host = name.toLowerCase();
    if (!this.#names.has(host)) return null;
    return this.#ask(ALPN_ANSWERS, alpnAnswerName(host));
  }

  /** Closes the store. */
  close(): void {
    void this.#store?.then((store) => store.close());
  }

  async #look(): Promise<ReadonlySet<string>> {
    try {
      this.#store ??= this.#open();
      return new Set(await (await this.#store).answers());
    } catch (error) {
      this.#failed(error as Error);
      return new Set();
    }
  }

  async #ask<T>(records: Records<T>, name: string): Promise<T | null> {
    if (!(await this.#pending.names()).has(name) || this.#asking >= MAX_QUESTIONS) return null;
    this.#asking++;
    try {
      return await records.read(await this.#store!, name);
    } catch (error) {
      this.#failed(error as Error);
      return null;
    } finally {
      this.#asking--;
    }
  }
}
