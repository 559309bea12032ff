// The certificates of the HTTPS doors, as the daemon and `unboxd cert` see them.
import { join } from 'node:path';
import { certificateWarnings, openCertificates } from '../certs/folder.ts';
import { serverNames } from '../certs/names.ts';
import type { TlsDoor } from '../net/ports.ts';
import type { LoadedSite } from '../site/load.ts';

/** What the HTTPS doors need, certificates made where they are missing; undefined when the doors are off. */
export async function openTls(
  site: LoadedSite,
  { now, warn }: { readonly now: number; readonly warn: (message: string) => void },
): Promise<TlsDoor | undefined> {
  const { https, httpsLegacy } = site.doors;
  if (https === 'off' && httpsLegacy === 'off') return undefined;
  const names = namesOf(site);
  const certificates = await openCertificates(certificateFolder(site), names, now);
  for (const warning of certificateWarnings(certificates, names, now)) warn(warning);
  if (httpsLegacy !== 'off')
    warn(
      `port ${httpsLegacy} speaks TLS 1.0 and 1.1, which can be broken: switch doors.httpsLegacy off when the old phones are staged`,
    );
  const { server, authority } = certificates;
  return {
    ...server,
    authority: authority.certificate,
    ...(https === 'off' || https.clientCertificates === 'off'
      ? {}
      : { clients: { ask: https.clientCertificates, authorities: site.clientAuthorities } }),
  };
}

/** What phones call this appliance: on each LAN by its address there. */
export function namesOf(site: LoadedSite) {
  const { https } = site.doors;
  const written = https === 'off' ? ['unboxd'] : https.names;
  return serverNames({
    written,
    url: site.provisioning.url,
    addresses: site.lans.map(({ address }) => address),
  });
}

/** Where the certificates lie. */
export function certificateFolder({ state }: Pick<LoadedSite, 'state'>): string {
  return join(state, 'certs');
}
