// The configuration of logins, as plain data.

/** Paths of the pages, and redirects. */
export interface LoginPaths {
  /** Starts a login. */
  readonly login: string;
  /** Paths that providers redirect back to. */
  readonly callbacks: readonly string[];
  /** Ends a session. */
  readonly logout: string;
  /** Redirect after a login without a page to return to; "" = answer with JSON. */
  readonly afterLogin: string;
  readonly afterLogout: string;
}

/** Names and attributes of the cookies. */
export interface CookieSettings {
  /** Name of the session cookie; the names of the others begin with it and a dot. */
  readonly name: string;
  /** Whether browsers use HTTPS. */
  readonly secure: boolean;
  /** A session without requests for this long ends, ms; 0 = no limit. */
  readonly idleMs: number;
}

/** Settings of logins at a provider. */
export interface LoginSettings {
  /** URL that the provider redirects back to. */
  readonly redirectUrl: string;
  readonly scopes: readonly string[];
  /** Further parameters of the authorization request. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether ID tokens identify users; otherwise the userinfo endpoint does. */
  readonly hasIdTokens: boolean;
  /** Whether the userinfo endpoint is requested even if there are ID tokens. */
  readonly asksUserInfo: boolean;
}

/** Settings of sessions, without their store. */
export interface SessionSettings {
  /** Each has at least 32 characters; empty: the random secret of the process is used. */
  readonly secrets: readonly string[];
  readonly cookie: CookieSettings;
  readonly paths: LoginPaths;
  readonly lifetimeMs: number;
  /** Name of the provider for logins that do not name one. */
  readonly defaultProvider: string;
}
