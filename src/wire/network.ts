// Identifies clients by network, because a client usually controls all addresses of its network.

/** An IPv4 address, or the /64 network of an IPv6 address: a client with one address of it can use all of them. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const last = tail === "" ? [] : tail.split(":");
    const zeros = 8 - first.length - last.length - (tail.includes(".") ? 1 : 0);
    first.push(...new Array<string>(Math.max(0, zeros)).fill("0"), ...last);
  }
  return `${first.slice(0, 4).join(":")}::`;
}
