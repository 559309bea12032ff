// The DHCP side of the local API where several LANs are served: which of them a message or a lease is about.
import type { Ipv4 } from '../base/ipv4.ts';
import { macOf, requestedAddress } from '../dhcp/clues.ts';
import { decodePacket } from '../dhcp/packet.ts';
import type { Lans, OpenLan } from '../lans.ts';
import type { Phone } from '../phones/phone.ts';
import type { Register } from '../phones/register.ts';
import type { Appliance, DhcpQuestion } from './api.ts';
import { createDhcpDesk, type DhcpDeskParts } from './dhcp.ts';
import { withSettings } from './settings.ts';

type Desk = Pick<Appliance, 'explainDhcp' | 'importLeases'>;

export interface DhcpDesksParts
  extends Omit<DhcpDeskParts, 'lan' | 'leases' | 'objection' | 'placeOf' | 'urlFor'> {
  readonly lans: Pick<Lans, 'all' | 'at' | 'of'>;
}

/** One desk for all LANs: each question goes to the one it is about. */
export function createDhcpDesks(parts: DhcpDesksParts): Desk {
  const { lans } = parts;
  const placeOf = (address: Ipv4): Pick<DhcpDeskParts, 'lan' | 'leases'> | undefined => {
    const one = lans.at(address);
    return one && { lan: one.served().lanSite, leases: one.leases };
  };
  const deskOf = (one: OpenLan): Desk => {
    const urlFor = one.urls().shown;
    const own = {
      urlFor,
      lan: one.served().lanSite,
      leases: one.leases,
      objection: one.there.objection,
      placeOf,
    };
    return createDhcpDesk(withSettings(parts, own));
  };
  return {
    explainDhcp: (question) => {
      const one = lanOf(question, parts);
      return typeof one === 'string' ? one : deskOf(one).explainDhcp(question);
    },
    // Each lease finds its LAN by its address.
    importLeases: async (leases) => await deskOf(lans.of(undefined)).importLeases(leases),
  };
}

/** By name, else by the addresses in the message: relay, its own, the wanted one; else where the phone is. */
function lanOf(
  { hex, interface: name }: DhcpQuestion,
  { lans, register }: { readonly lans: DhcpDesksParts['lans']; readonly register: Register },
): OpenLan | string {
  const all = lans.all();
  if (name !== undefined) {
    const known = all.map((one) => one.served().lanSite.interface);
    return all[known.indexOf(name)] ?? `no LAN is served on ${name} (served: ${known.join(', ')})`;
  }
  const decoded = decodePacket(Buffer.from(hex, 'hex'));
  if (!decoded.ok) return lans.of(undefined);
  const message = decoded.value;
  const said = [message.giaddr, message.ciaddr, requestedAddress(message.options)];
  const found = said.map((address) => (address === undefined ? undefined : lans.at(address)));
  const mac = macOf(message);
  const phone: Pick<Phone, 'mac' | 'address'> | undefined = mac && (register.phones.get(mac) ?? { mac });
  return found.find((one) => one !== undefined) ?? lans.of(phone);
}
