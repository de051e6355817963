// Settings of accounts at a provider that users connect with the gateway, as plain data.
import type { ProviderAccess } from "../provider-fetch.ts";

/** How users connect their accounts. */
export interface AccountSettings {
  /** Of the operator's own client at the provider. */
  readonly clientId: string;
  /** "" = none. */
  readonly clientSecret: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** Where the provider sends browsers back to: https, or http on this machine (RFC 8252 §7.3). */
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
  /** File with the encrypted tokens. */
  readonly storeFile: string;
  /** Encrypts it, and pending logins; at least 32 characters. */
  readonly storeKey: string;
  readonly access: ProviderAccess;
}
