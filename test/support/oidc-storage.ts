// What an OpenID provider of tests remembers, beyond the provider itself: one with new keys goes on with it.
import type { Adapter, AdapterPayload } from "oidc-provider";

/** One store for all models of a provider. */
export class OidcStorage {
  readonly #kept = new Map<string, AdapterPayload>();

  /** What the provider asks for each of its models. Nothing is removed by its age, which the provider checks itself. */
  adapter(model: string): Adapter {
    const kept = this.#kept;
    const key = (id: string) => `${model}:${id}`;
    const find = (matches: (payload: AdapterPayload) => boolean) =>
      [...kept].find(([name, payload]) => name.startsWith(key("")) && matches(payload))?.[1];
    return {
      upsert: async (id, payload) => void kept.set(key(id), payload),
      find: async (id) => kept.get(key(id)),
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => find((payload) => payload.userCode === userCode),
      destroy: async (id) => void kept.delete(key(id)),
      consume: async (id) => {
        const payload = kept.get(key(id));
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      revokeByGrantId: async (grantId) => {
        for (const [name, payload] of kept) if (payload.grantId === grantId) kept.delete(name);
      },
    };
  }
}
