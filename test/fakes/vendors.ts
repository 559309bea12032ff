// Two made-up makers for rule tests, so that no rule depends on what the real vendor files say.
import { checkShape } from '../../src/base/shape.ts';
import { type Catalogue, type Vendor, vendorShape } from '../../src/phones/vendor.ts';

/** A vendor from its file's content; throws when the test itself got the shape wrong. */
export function vendorFrom(id: string, raw: unknown): Vendor {
  const checked = checkShape(vendorShape, raw);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return { id, ...checked.value };
}

const rest = {
  silence: '2m',
  config: { type: 'text/plain' },
  wake: {
    fetch: { event: 'check-sync;reboot=false', effect: 'fetches its files' },
    reboot: { event: 'check-sync;reboot=true', effect: 'reboots' },
  },
};

/** Asks by PnP first; its common file has a number, its boot file must not be served. */
export const acme = vendorFrom('acme', {
  ...rest,
  name: 'Acme',
  recognise: {
    ouis: ['02ac3e'],
    option60: ['^acme(?: (?<model>\\S+))?'],
    pnpVendor: ['^acme$'],
    userAgent: ['^Acme (?<model>\\S+) (?<firmware>[\\d.]+) (?<mac>[0-9a-f:]{12,17})$'],
    option55: [[1, 3, 6, 66]],
  },
  dhcp: { obeys: [66, 43], options: { 43: { text: '{url}' } } },
  pnp: { asks: true },
  files: [
    { ask: '{mac}.boot', role: 'boot', never: 'it would replace the other files' },
    {
      ask: 'a{number:6}.cfg',
      like: '^a0*(?<number>\\d{1,3})\\.cfg$',
      role: 'common',
      template: 'common.cfg',
    },
    { ask: '{mac}.cfg', role: 'own', template: 'phone.cfg' },
    { ask: '{mac}-local.cfg', role: 'optional' },
  ],
  speaks: {
    option60: 'acme {model}',
    option55: [1, 3, 6, 66],
    userAgent: 'Acme {model} {firmware} {mac:colons}',
    firmware: '1.2.3',
    discovery: ['pnp', 'dhcp'],
    pnp: {
      uri: 'sip:MAC%3a{mac}@224.0.1.75',
      event: 'ua-profile;profile-type="device";vendor="acme";model="{model}";version="{firmware}"',
    },
  },
  models: [
    { name: 'A10', also: ['SIP-A10'], tokens: { number: 10 } },
    { name: 'A20', tokens: { number: 20 } },
  ],
});

/** Speaks DHCP and TFTP only, and shares one file name with Acme (number 0). */
export const bolt = vendorFrom('bolt', {
  ...rest,
  name: 'Bolt',
  recognise: { ouis: ['02b017'], userAgent: ['^Bolt (?<model>\\S+)'] },
  dhcp: { obeys: [160], options: { 160: { text: '{url}' } } },
  pnp: { asks: false },
  url: '{url}bolt.xml',
  files: [
    { ask: 'a000000.cfg', role: 'common', template: 'common.cfg' },
    { ask: '{MAC}.xml', role: 'own', template: 'phone.xml' },
  ],
  speaks: { option55: [1, 3, 160], userAgent: 'Bolt {model}', firmware: '9', discovery: ['dhcp'] },
  models: [{ name: 'B1' }],
});

export const catalogue: Catalogue = { vendors: [acme, bolt] };
