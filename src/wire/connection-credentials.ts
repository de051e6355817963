// Credentials that authenticate a connection and all later requests on it (RFC 4559).

/** A connection they were sent on must never carry requests of another client. */
const SCHEMES = /^(ntlm|negotiate)\b/i;

/** Whether a value of `Authorization` authenticates the connection. */
export function bindsConnection(authorization: string): boolean {
  return SCHEMES.test(authorization);
}
