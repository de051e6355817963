// Responses to the challenges of one order: all are stored before the authority is asked to validate.
import type { Authorization } from "acme-client";
import { refused } from "./acme-error.ts";
import { alpnAnswerName, httpAnswerName, isToken } from "./answers.ts";
import type { Authority } from "./authority.ts";
import { ALPN_ANSWERS, HTTP_ANSWERS } from "./records.ts";
import type { ChallengeKind } from "./settings.ts";
import type { AcmeStore } from "./store.ts";

type Challenge = Authorization["challenges"][number];

/** The kind of a challenge, of which acme-client's types do not know all; null: none that the gateway answers. */
export function kindOf(type: string): ChallengeKind | null {
  return type === "http-01" || type === "tls-alpn-01" ? type : null;
}

/** The challenges that one order needs. */
export class Challenges {
  readonly #kinds: readonly ChallengeKind[];
  readonly #store: AcmeStore;
  readonly #authority: Authority;
  /** Names of answers in the store. */
  readonly #written: string[] = [];

  /** @param kinds of which the first that is offered is taken */
  constructor(kinds: readonly ChallengeKind[], store: AcmeStore, authority: Authority) {
    this.#kinds = kinds;
    this.#store = store;
    this.#authority = authority;
  }

  /** @throws AcmeError (rejects) when the authority offers none of the kinds for a name */
  async answer(authorizations: readonly Authorization[]): Promise<void> {
    const chosen = authorizations.map((authorization) => ({ authorization, challenge: this.#choose(authorization) }));
    await this.#store.sweep();
    for (const { authorization, challenge } of chosen) await this.#write(authorization, challenge);
    for (const { challenge } of chosen) {
      // One that was told before a crash is looked at already.
      if (challenge.status === "pending") await this.#authority.client.completeChallenge(challenge);
    }
  }

  async remove(): Promise<void> {
    for (const name of this.#written) await HTTP_ANSWERS.remove(this.#store, name).catch(() => undefined);
  }

  #choose({ identifier, challenges }: Authorization): Challenge {
    for (const kind of this.#kinds) {
      const found = challenges.find(({ type, token }) => kindOf(type) === kind && isToken(token));
      if (found !== undefined) return found;
    }
    const offered = challenges.map(({ type }) => type).join(", ");
    throw refused(`${identifier.value}: ${this.#kinds.join(" or ")} is required`, {
      detail: `the authority offers ${offered}`,
    });
  }

  async #write(authorization: Authorization, challenge: Challenge): Promise<void> {
    const { client, crypto } = this.#authority;
    const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
    if (challenge.type === "http-01") {
      const name = httpAnswerName(challenge.token);
      this.#written.push(name);
      return HTTP_ANSWERS.write(this.#store, name, { keyAuthorization });
    }
    const host = authorization.identifier.value;
    const own = await crypto.createPrivateEcdsaKey("P-256");
    const [key, cert] = await crypto.createAlpnCertificate(authorization, keyAuthorization, own);
    const name = alpnAnswerName(host);
    this.#written.push(name);
    return ALPN_ANSWERS.write(this.#store, name, { name: host, cert: cert.toString(), key: key.toString() });
  }
}
