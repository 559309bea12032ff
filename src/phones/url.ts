// The one URL that a phone is told by every channel, in its vendor's form.
import { fill } from '../base/fill.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import type { Phone } from './phone.ts';
import { type Catalogue, modelOf, vendorOf } from './vendor.ts';

export interface UrlCase {
  /** The site's URL with its placeholders. */
  readonly url: string;
  readonly server: Ipv4;
  readonly catalogue: Catalogue;
  readonly phone: Pick<Phone, 'identity'> & { readonly mac?: Phone['mac'] | undefined };
}

/** The URL for a phone; undefined when its vendor is not known or a placeholder has no value for it. */
export function urlFor({ url, server, catalogue, phone }: UrlCase): string | undefined {
  const vendor = vendorOf(catalogue, phone.identity.vendor);
  if (vendor === undefined) return undefined;
  const { mac } = phone;
  const model = modelOf(vendor, phone.identity.model);
  const known = {
    server: showIpv4(server),
    mac,
    MAC: mac?.toUpperCase(),
    model: model?.name,
    ...model?.tokens,
  };
  const site = fill(url, known);
  const full = fill(vendor.url, { ...known, url: site.text });
  return site.unknown.length + full.unknown.length > 0 ? undefined : full.text;
}
