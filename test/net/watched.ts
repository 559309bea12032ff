// Words of the tests of guards and checks.
import { type Ipv4, parseIpv4, parseSubnet, type Subnet } from '../../src/base/ipv4.ts';
import { type Mac, parseMac } from '../../src/base/mac.ts';

export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address;
}

export function mac(text: string): Mac {
  const parsed = parseMac(text);
  if (parsed === undefined) throw new Error(`${text} is no MAC`);
  return parsed;
}

export function subnetAt(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined) throw new Error(`${text} is no subnet`);
  return subnet;
}
