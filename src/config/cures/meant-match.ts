// Suggestions for an invalid path, host or address range of a rule.

/** A text that is no path pattern → the rest of the message. */
export function patternMeant(text: string): string {
  if (text.includes("${")) return "; the variable must be set, or have a default: ${NAME:-/api}";
  if (/^[a-z]+:\/\//i.test(text)) return "; write host names in hosts";
  if (text.includes("?") && !/[()[\]^$\\]/.test(text)) return "; write conditions on the query in match.query";
  if (/^[~^=]|[()^$\\|+]|\[.*\]|\.\*/.test(text))
    return "; regular expressions are not supported: write /a/*, /a/{x}/b, or /a*";
  if (/\{[^}]*\s[^}]*\}/.test(text)) return "; a name in braces must be one word, such as {userId}";
  if (!text.startsWith("/") && /^[\w*{:.-]/.test(text)) return `; write "/${text.replace(/^\*$/, "*")}"`;
  return "";
}

/** A text that is no host of a rule → the rest of the message. */
export function ruleHostMeant(host: string): string {
  if (host === "*") return "; omit hosts to match any";
  const [, authority] = /^[a-z]+:\/\/([^/:]+)/i.exec(host) ?? [];
  if (authority !== undefined) return `; write "${authority}"`;
  if (/:(\d+|\*)$/.test(host)) return "; omit the port";
  if (/[\\()^$|~+?]/.test(host))
    return '; it is no regular expression; a star may stand for the first labels: "*.example.org"';
  if (host.includes("/")) return "; write the path in path";
  if (/[\s,]/.test(host)) return "; write several hosts as a list: [ a.example.org, b.example.org ]";
  if (host.startsWith(".")) return `; write "*${host}"`;
  return '; a star stands only at the beginning: "*.example.org"';
}

/** A text that is no address range → the rest of the message. */
export function cidrMeant(range: string): string {
  const [, three] = /^((?:\d+\.){3})\*$/.exec(range) ?? [];
  if (three !== undefined) return `; write ${three}0/24`;
  if (/^localhost$/i.test(range)) return "; write 127.0.0.0/8 and ::1";
  if (/[\s,;]/.test(range.trim())) return "; write several ranges as a list: [ 10.0.0.0/8, 192.168.0.0/16 ]";
  if (/^\[[\da-f:.]+\]/i.test(range) || /^[\d.]+:\d+$/.test(range))
    return "; write the address without brackets and port";
  const mask = /^([\d.]+)\/(255\.[\d.]+)$/.exec(range);
  if (mask !== null) return `; write ${mask[1]}/${maskBits(mask[2]!)}`;
  if (/^unix$/i.test(range)) return "; write unix";
  if (/^(any|all|\*|private|private_ranges|true)$/i.test(range)) return "; write the ranges, such as 10.0.0.0/8";
  if (/^[\d.]+\/\d+$/.test(range)) return "; a range ends in /0 to /32, and has four numbers before it";
  if (/^[\da-f:]+\/\d+$/i.test(range)) return "; a range of IPv6 ends in /0 to /128";
  if (/^[\d.]+-[\d.]+$/.test(range)) return "; a range is written 10.0.0.0/24";
  if (/[a-z]/i.test(range.replaceAll(/[a-f:]/gi, ""))) return "; names are not resolved; write addresses";
  return "; write 10.0.0.0/8, or one address";
}

/** Length of the prefix that a mask such as 255.255.0.0 means. */
function maskBits(mask: string): number {
  return mask.split(".").reduce((bits, part) => bits + Number(part).toString(2).replaceAll("0", "").length, 0);
}
