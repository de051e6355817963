// `llm.authAdapters.google`: accounts of users at Google.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { str, strings } from "./scalars.ts";

/** `llm.authAdapters.google`. */
export const llmAccounts = object(
  "Google accounts that users connect by opening `/_gateway/llm/google/login`; their requests for models of Gemini are then sent with their own account. Enabled by `clientId`",
  {
    clientId: str("id of your own OAuth client at Google; default `GOOGLE_CLIENT_ID`", ""),
    clientSecret: str("its secret, if it has one; default `GOOGLE_CLIENT_SECRET`", ""),
    redirectUri: str(
      "URL that Google redirects back to, as registered there: https, or http on this machine, such as `http://127.0.0.1:8080/_gateway/llm/google/callback`; default `GOOGLE_REDIRECT_URI`",
      "",
    ),
    scopes: strings("scopes that are requested", ["https://www.googleapis.com/auth/cloud-platform"]),
    tokenStore: str("file with the encrypted tokens; one gateway writes it", "./data/google-tokens.json"),
    tokenStoreKey: str("encrypts the tokens: at least 32 characters; `openssl rand -hex 32` makes one", ""),
    authorizationUrl: str("authorization endpoint", "https://accounts.google.com/o/oauth2/v2/auth"),
    tokenUrl: str("token endpoint", "https://oauth2.googleapis.com/token"),
  },
);

/** `llm.authAdapters.google` as written. */
export type LlmAccountsSection = Infer<typeof llmAccounts>;
