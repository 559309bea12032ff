// The one URL that a phone is told by every channel, in its vendor's form.
import { fill } from '../base/fill.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import type { Phone } from './phone.ts';
import { type Catalogue, type Model, modelOf, type Vendor, vendorOf } from './vendor.ts';

export interface UrlCase {
  /** The site's URL with its placeholders. */
  readonly url: string;
  readonly server: Ipv4;
  readonly catalogue: Catalogue;
  readonly phone: Pick<Phone, 'identity'> & { readonly mac?: Phone['mac'] | undefined };
  /** What stands for {token} in the URL of that phone; without one such a URL is not told. */
  readonly token?: ((mac: Phone['mac']) => string | undefined) | undefined;
}

/** The URL for a phone; undefined when its vendor is not known or a placeholder has no value for it. */
export function urlFor({ url, server, catalogue, phone, token }: UrlCase): string | undefined {
  const vendor = vendorOf(catalogue, phone.identity.vendor);
  const { mac } = phone;
  return vendor && filled(vendor, modelOf(vendor, phone.identity.model), { url, server, mac, token });
}

/**
 * `urlFor` for one site, quicker: phones of a make and model share their identity, and the vendor file with its long
 * list of models is looked into once for all of them.
 */
export function createUrlFor(site: Omit<UrlCase, 'phone'>): (phone: UrlCase['phone']) => string | undefined {
  const known = new WeakMap<
    Phone['identity'],
    { readonly vendor: Vendor | undefined; readonly model: Model | undefined }
  >();
  return ({ identity, mac }) => {
    let found = known.get(identity);
    if (found === undefined) {
      const vendor = vendorOf(site.catalogue, identity.vendor);
      found = { vendor, model: vendor && modelOf(vendor, identity.model) };
      known.set(identity, found);
    }
    return found.vendor && filled(found.vendor, found.model, { mac, ...site });
  };
}

interface Site {
  readonly url: string;
  readonly server: Ipv4;
  readonly mac?: Phone['mac'] | undefined;
  readonly token?: UrlCase['token'];
}

function filled(
  vendor: Vendor,
  model: Model | undefined,
  { url, server, mac, token }: Site,
): string | undefined {
  const known = {
    server: showIpv4(server),
    mac,
    MAC: mac?.toUpperCase(),
    model: model?.name,
    ...model?.tokens,
    token: mac === undefined ? undefined : token?.(mac),
  };
  const site = fill(url, known);
  const full = fill(vendor.url, { ...known, url: site.text });
  return site.unknown.length + full.unknown.length > 0 ? undefined : full.text;
}
