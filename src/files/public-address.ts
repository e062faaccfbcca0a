import { BlockList, isIP } from "node:net";

/**
 * What is not a public host among the IPv4 addresses (IANA IPv4 Special-Purpose Address Registry, RFC 6890).
 */
const notPublic4: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8], // "this network"; 0.0.0.0 reaches the machine itself
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // carrier NAT, and the metadata address of one cloud
  ["127.0.0.0", 8], // loopback
  ["168.63.129.16", 32], // Azure's host agent, public by number only
  ["169.254.0.0", 16], // link-local, with the metadata address of most clouds
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments, and the metadata address of one cloud
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

/** All public IPv6 hosts lie in here: loopback, mapped IPv4, unique-local, link-local and multicast do not. */
const unicast6: readonly [string, number] = ["2000::", 3];

/** And these parts of it are none (IANA IPv6 Special-Purpose Address Registry). */
const notPublic6: readonly (readonly [network: string, bits: number])[] = [
  ["2001::", 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, which carries any IPv4 address inside
  ["3fff::", 20], // documentation
];

/** NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is reached. Networks with IPv6 only see every IPv4 host so. */
const nat64: readonly [string, number] = ["64:ff9b::", 96];

function listOf(subnets: readonly (readonly [string, number])[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, bits] of subnets) list.addSubnet(network, bits, family);
  return list;
}

/** The IPv4 address in the last 32 bits. @param address a valid IPv6 address without zone */
function embedded4(address: string): string {
  // The URL parser writes every IPv6 address in one way: hex groups, none longer than needed, one run of zeros as "::".
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(":");
  return groups.slice(-2).flatMap((group) => {
    const value = Number.parseInt(group === "" ? "0" : group, 16);
    return [value >> 8, value & 0xff];
  }).join(".");
}

/** @returns a check for whether an address, in any spelling the system gives, is that of a public host */
export function publicAddressCheck(): (address: string) => boolean {
  const blocked4 = listOf(notPublic4, "ipv4");
  const blocked6 = listOf(notPublic6, "ipv6");
  const allowed6 = listOf([unicast6], "ipv6");
  const translated6 = listOf([nat64], "ipv6");
  const isPublic4 = (address: string): boolean => !blocked4.check(address, "ipv4");
  return (address) => {
    if (isIP(address) === 4) return isPublic4(address);
    // An address with a zone (fe80::1%eth0) is of this link by definition.
    if (isIP(address) !== 6 || address.includes("%")) return false;
    if (translated6.check(address, "ipv6")) return isPublic4(embedded4(address));
    return allowed6.check(address, "ipv6") && !blocked6.check(address, "ipv6");
  };
}
