/**
 * IPv4 networks outside the public internet: loopback, private, link-local, multicast, reserved and documentation addresses.
 * From IANA's special-purpose registry for IPv4.
 */
const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
].map(network => {
  const [address, bits] = network.split('/') as [string, string];
  return { address: numberOf(address), shift: 32 - Number(bits) };
});

/** IPv6 addresses that contain an IPv4 address: the groups before it, and the index of the group where it begins. */
const CARRIERS = [
  { groups: [0, 0, 0, 0, 0, 0], at: 6 },
  { groups: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { groups: [0, 0, 0, 0, 0xffff, 0], at: 6 },
  { groups: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { groups: [0x2002], at: 1 },
];

/**
 * Whether an address is outside the public internet. So is one with a zone such as `%eth0`, which is part of a local network.
 * @param address as a look-up gives it
 */
export function isPrivateAddress(address: string): boolean {
  const url = `http://${address.includes(':') ? `[${address}]` : address}/`;
  if (!URL.canParse(url)) return true;
  // A URL writes each address in one form.
  const { hostname } = new URL(url);
  if (hostname.startsWith('[')) return isPrivateV6(groupsOf(hostname.slice(1, -1)));
  return !/^\d+(\.\d+){3}$/.test(hostname) || isPrivateV4(numberOf(hostname));
}

const isPrivateV4 = (address: number): boolean =>
  PRIVATE_V4.some(network => address >>> network.shift === network.address >>> network.shift);

function isPrivateV6(groups: readonly number[]): boolean {
  const carrier = CARRIERS.find(item => item.groups.every((group, index) => groups[index] === group));
  if (carrier) return isPrivateV4(((groups[carrier.at]! << 16) | groups[carrier.at + 1]!) >>> 0);
  const [first, second] = groups as [number, number];
  // Only 2000::/3 is public, except 2001::/23 (protocols; one of them, Teredo, leads into other networks) and the networks for
  // documentation, 2001:db8::/32 and 3fff::/20. From IANA's special-purpose registry for IPv6.
  const isReserved =
    (first === 0x2001 && (second < 0x200 || second === 0xdb8)) || (first === 0x3fff && second < 0x1000);
  return first >>> 13 !== 1 || isReserved;
}

function numberOf(dotted: string): number {
  return dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Returns the eight groups of an address. `::` may stand for some of them. */
function groupsOf(text: string): number[] {
  const [before = [], after = []] = text
    .split('::')
    .map(half => (half === '' ? [] : half.split(':').map(group => Number.parseInt(group, 16))));
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
