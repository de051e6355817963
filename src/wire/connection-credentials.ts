// Credentials that authenticate a connection, and with it every request that comes on it later.

/** NTLM and Negotiate (RFC 4559): a connection they were sent on must serve nobody else. */
const SCHEMES = /^(ntlm|negotiate)\b/i;

/** Whether a value of `Authorization` authenticates the connection. */
export function bindsConnection(authorization: string): boolean {
  return SCHEMES.test(authorization);
}
