// Synonyms of keys and values. Where a folded word has several, the first that is possible is suggested.

/** Word of this configuration → its synonyms. */
const OURS: readonly (readonly [string, string])[] = [
  // loadBalance
  ["round_robin", "rr static default"],
  ["weighted_round_robin", "wrr weight weights smooth"],
  ["least_connections", "leastconn leastconns leastrequest leastreq lc leastoutstandingrequests p2c randomtwo"],
  ["response_time", "leasttime latency ewma peakewma fastest"],
  ["consistent_hash", "hash ring ringhash maglev uri url urihash consistent header"],
  ["ip_hash", "source sourceip clientip clientiphash ip"],
  ["sticky_session", "cookie stickycookie stickysessions session affinity persistent"],
  // logging
  ["debug", "trace verbose all finest"],
  ["info", "notice information"],
  ["warn", "warning"],
  ["error", "err fatal critical crit alert emerg panic off none"],
  ["text", "plain combined common logfmt console clf pretty human"],
  // TLS
  ["1.0", "tlsv1 tlsv10 tls10 tls1 versiontls10"],
  ["1.1", "tlsv11 tls11 versiontls11"],
  ["1.2", "tlsv12 tls12 versiontls12"],
  ["1.3", "tlsv13 tls13 versiontls13"],
  ["verify", "requireandverify requireandverifyclientcert on mandatory required"],
  ["request", "optional requestclientcert verifyclientcertifgiven"],
  // protocols, schemes, probes
  ["websocket", "ws wss"],
  ["h2c", "http2 h2 http/2"],
  ["https", "tls ssl"],
  ["grpc", "grpcs"],
  ["http", "web http1 http11"],
  ["exec", "cmd command shell"],
  ["tcp", "connect port"],
  ["static", "file manual list"],
  // fallback
  ["upstream_timeout", "timeout gatewaytimeout 504"],
  ["connect_failed", "connecterror connectfailure connectionrefused error badgateway 502"],
  ["no_endpoint", "unavailable serviceunavailable nohealthy 503"],
  ["circuit_open", "circuitbreaker breaker open"],
  ["upstream_reset", "reset refusedstream"],
  ["upstream_protocol", "invalidheader invalidresponse"],
  // rate limits
  ["token_bucket", "token tokens bucket gcra"],
  ["leaky_bucket", "leaky queue"],
  ["sliding_window", "sliding window fixedwindow fixed counter slidinglog"],
  ["local", "memory degrade fallback"],
  ["deny", "block reject closed failclosed"],
  ["allow", "open failopen ignore pass"],
  ["ip", "clientip remoteip remoteaddr sourceip address client binaryremoteaddr"],
  ["apiKey", "key token consumer"],
  ["subject", "user userid account"],
  // health of an instance
  ["healthy", "up ok yes on online active good passing enabled"],
  ["unhealthy", "down no off offline inactive bad failing disabled drain draining maintenance starting"],
  // command line
  ["config", "f file configfile conf"],
  ["check", "t test lint verify configtest validate"],
  ["validate", "t test check dryrun n"],
  ["log-level", "loglevel level l verbose debug"],
  ["hot-reload", "watch w autoreload reload"],
  ["run", "start serve server up"],
  ["reload", "hup restart"],
];

/** Folded synonym → words of this configuration. */
export const SYNONYMS: ReadonlyMap<string, readonly string[]> = inverted();

function inverted(): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const [ours, theirs] of OURS) {
    for (const word of theirs.split(" ")) map.set(word, [...(map.get(word) ?? []), ours]);
  }
  return map;
}
