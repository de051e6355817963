// The account at an authority: created once for all gateways that share a store.

import { AcmeError } from "./acme-error.ts";
import { Authority, type AuthorityParts } from "./authority.ts";
import { pause } from "./pause.ts";
import { ACCOUNTS, type AccountRecord } from "./records.ts";
import type { AcmeSettings } from "./settings.ts";
import { accountName } from "./settings.ts";
import type { AcmeStore } from "./store.ts";

/** Between two looks at an account that another gateway registers, ms. */
const LOOK_MS = 250;

/** A client of the account, which is registered first where that is needed. Enabling ACME accepts the terms of service. */
export async function openAccount(settings: AcmeSettings, store: AcmeStore, parts: AuthorityParts): Promise<Authority> {
  const name = accountName(settings);
  for (;;) {
    const known = await ACCOUNTS.read(store, name);
    if (known !== null && known.url !== null) return Authority.open(settings, known, parts);
    const lease = await store.lock(`account-${name}`);
    if (lease === null) {
      await pause(LOOK_MS, parts.signal);
      continue;
    }
    try {
      return await register(settings, store, { ...parts, signal: AbortSignal.any([parts.signal, lease.lost]) });
    } finally {
      await lease.release();
    }
  }
}

/** The authority does not know the account any more: it is registered anew, with the key it has. */
export async function forgetAccount(settings: AcmeSettings, store: AcmeStore): Promise<void> {
  const name = accountName(settings);
  const known = await ACCOUNTS.read(store, name);
  if (known !== null) await ACCOUNTS.write(store, name, { ...known, url: null });
}

/**
 * Whether the authority has an account for the key, as it does when a gateway was killed before it heard of it. To register
 * it again would end in an update by acme-client, which authorities refuse where nothing changes.
 */
async function isRegistered({ client }: Authority): Promise<boolean> {
  try {
    await client.createAccount({ onlyReturnExisting: true });
    return true;
  } catch (error) {
    // It says so in its own way; if the account cannot be made either, the reason comes with that.
    if (error instanceof AcmeError && !error.passes) return false;
    throw error;
  }
}

async function register(settings: AcmeSettings, store: AcmeStore, parts: AuthorityParts): Promise<Authority> {
  const name = accountName(settings);
  const known = await ACCOUNTS.read(store, name);
  const { crypto } = await import("acme-client");
  const account: AccountRecord = known ?? { key: (await crypto.createPrivateEcdsaKey("P-256")).toString(), url: null };
  if (known === null) await ACCOUNTS.write(store, name, account);
  const authority = await Authority.open(settings, account, parts);
  try {
    const contact = settings.email === "" ? {} : { contact: [`mailto:${settings.email}`] };
    const isThere = account.url !== null || (known !== null && (await isRegistered(authority)));
    if (!isThere) await authority.client.createAccount({ termsOfServiceAgreed: true, ...contact });
    await ACCOUNTS.write(store, name, { ...account, url: authority.client.getAccountUrl() });
    return authority;
  } catch (error) {
    authority.close();
    throw error;
  }
}
