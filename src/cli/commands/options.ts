import { toHex } from '../../base/bytes.ts';
import { optionName } from '../../base/dhcp-options.ts';
import { ANY, type Ipv4, parseIpv4, showIpv4, subnetOf } from '../../base/ipv4.ts';
import { type Mac, parseMac } from '../../base/mac.ts';
import type { Result } from '../../base/result.ts';
import { TOKEN_SHOWN } from '../../base/token-text.ts';
import type { Mistake } from '../../base/yaml-text.ts';
import { ELSEWHERE, type ElsewhereServer, isElsewhereServer, writeElsewhere } from '../../dhcp/elsewhere.ts';
import { asText, type OptionSet, type SetOption, textsOf } from '../../dhcp/elsewhere-set.ts';
import { makeOffer, type Offer, type OfferedOption } from '../../dhcp/offer.ts';
import { findInterface } from '../../net/interfaces.ts';
import { urlFor } from '../../phones/url.ts';
import type { Vendor } from '../../phones/vendor.ts';
import { type LoadedSite, loadSite } from '../../site/load.ts';
import type { LanSite } from '../../site/site.ts';
import { type Command, type Flags, textFlag, UsageError } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';

/** `unboxd options`: what to set in another DHCP server, so that phones get from it what they would get from us. */
export const options: Command = {
  name: 'options',
  summary: 'what to set in another DHCP server that stays (dhcp.mode: off)',
  flags: [
    { flags: '--for <server>', what: `${Object.keys(ELSEWHERE).join(', ')} or all`, otherwise: 'all' },
    { flags: '--config <file>', what: 'settings (unboxd.yaml); without it all defaults hold' },
    { flags: '--interface <name>', what: 'the LAN of the phones: our address on it goes into the options' },
    { flags: '--address <ip>', what: 'our address, where this is not the machine that serves' },
    { flags: '--json', what: 'for machines: JSON' },
  ],
  examples: ['unboxd options --for dnsmasq --interface eth1', 'unboxd options --for kea --address 10.20.0.1'],
  run: async ({ flags, terminal }) => {
    const servers = serversOf(textFlag(flags, 'for') ?? 'all');
    const loaded = await load(flags);
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const { lan, lans, away } = loaded.value;
    if (lan === undefined)
      throw new UsageError('where do the phones find unboxd? Name it with --interface or --address');
    if (lans.length + away.length > 1)
      terminal.note(
        `unboxd: these are the options for the LAN on ${lan.interface}: --interface names another`,
      );
    const sets = loaded.value.catalogue.vendors.map((vendor) => optionSet(loaded.value, lan, vendor));
    if (lan.dhcp.classes.length > 0)
      terminal.note('unboxd: the classes of dhcp.classes are not written out: only makes of phones are');
    if (loaded.value.files.tokens !== undefined)
      terminal.note(
        `unboxd: no other server knows what to write for ${TOKEN_SHOWN}: turn files.tokens off for it`,
      );
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(asJson(lan, servers, sets), null, 2));
      return 0;
    }
    for (const [index, server] of servers.entries()) {
      if (servers.length > 1) terminal.out(`${index === 0 ? '' : '\n'}### ${ELSEWHERE[server].name}`);
      terminal.out(writeElsewhere(server, sets).trimEnd());
    }
    return 0;
  },
};

function serversOf(name: string): readonly ElsewhereServer[] {
  if (name === 'all') return Object.keys(ELSEWHERE).filter(isElsewhereServer);
  if (isElsewhereServer(name)) return [name];
  throw new UsageError(
    `"${name}" is no DHCP server known here (known: ${Object.keys(ELSEWHERE).join(', ')}, all)`,
  );
}

function addressOf(flags: Flags): Ipv4 | undefined {
  const text = textFlag(flags, 'address');
  if (text === undefined) return undefined;
  const address = parseIpv4(text);
  if (address === undefined) throw new UsageError(`"${text}" is not an IPv4 address (write 10.20.0.1)`);
  return address;
}

type Loaded = Result<LoadedSite, readonly Mistake[]>;

/** The wider ones for settings whose pool or router lies farther off. */
const PREFIXES = [24, 20, 16];

/** The settings. With an address the interface is not looked at: it may be that of another machine. */
async function load(flags: Flags): Promise<Loaded> {
  const file = textFlag(flags, 'config');
  const name = textFlag(flags, 'interface');
  const address = addressOf(flags);
  if (address === undefined) return await loadSite({ file, interface: name, facts: findInterface });
  let loaded: Loaded | undefined;
  for (const prefix of PREFIXES) {
    let first: string | undefined;
    // There is one address: of several LANs it is that of the first, where none is named.
    const facts = (asked: string) => {
      first ??= asked;
      return asked === first ? { address, subnet: subnetOf(address, prefix) } : undefined;
    };
    loaded = await loadSite({ file, interface: name, facts });
    if (loaded.ok && loaded.value.lan === undefined)
      loaded = await loadSite({
        file,
        interface: 'lan',
        facts: () => ({ address, subnet: subnetOf(address, prefix) }),
      });
    if (loaded.ok) return loaded;
  }
  return loaded as Loaded;
}

/** Codes that name us to phones of any make; all else that the LAN gives is the other server's own business. */
const NAMES_US = new Set([66, 150]);

/**
 * What every phone of that make would get. Nobody knows the single phone here, so phones are made up: what differs
 * between two of them hangs on the phone, and what only a known model gets hangs on the model.
 */
function optionSet(site: LoadedSite, lan: LanSite, vendor: Vendor): OptionSet {
  const offerTo = (mac: Mac, model?: string): Offer => {
    const client = { mac, identity: { vendor: vendor.id, model, by: 'its make', conflicts: [] } };
    const { provisioning, catalogue } = site;
    const server = lan.address;
    const url = urlFor({ url: provisioning.url, server, catalogue, phone: client, token: () => TOKEN_SHOWN });
    const scope = { ...lan.dhcp, subnet: lan.subnet };
    return makeOffer({ lan, scope, provisioning, vendor, client, url });
  };
  const [one, other] = madeUpMacs(vendor);
  const offer = offerTo(one);
  const mine = offer.options;
  const theirs = offerTo(other).options;
  const byModel = vendor.models.map(({ name }) => offerTo(one, name).options);
  const isSame = (a: OfferedOption, b: OfferedOption | undefined): boolean =>
    b !== undefined && toHex(a.bytes) === toHex(b.bytes);

  const given = [...mine.values()].filter(({ code, from }) => from !== 'lan' || NAMES_US.has(code));
  const kept = given.filter((option) => isSame(option, theirs.get(option.code)));
  const options = kept.map(({ code, bytes, forced }): SetOption => ({ code, bytes, forced }));
  const keptCodes = new Set(kept.map(({ code }) => code));
  const single = given.filter(({ code }) => !keptCodes.has(code)).map(({ code }) => code);
  const modelOnly = codesOf(byModel).filter((code) => !mine.has(code));
  const modelToo = kept.filter((option) =>
    byModel.some((offered) => !isSame(option, offered.get(option.code))),
  );
  return {
    vendor: vendor.id,
    name: vendor.name,
    option60: vendor.recognise.option60.map(({ source }) => source),
    option60Hex: vendor.recognise.option60Hex,
    ouis: vendor.recognise.ouis,
    options: options.sort((a, b) => a.code - b.code),
    left: [
      ...single.map(
        (code) => `option ${code} (${optionName(code)}): its value holds the MAC of the single phone`,
      ),
      ...modelOnly.map((code) => `option ${code} (${optionName(code)}): its value hangs on the model`),
      ...modelToo.map(
        ({ code }) => `option ${code} (${optionName(code)}): some models would get another value than below`,
      ),
      ...fieldsLeft(vendor, offer),
    ],
  };
}

function codesOf(offers: readonly ReadonlyMap<number, OfferedOption>[]): readonly number[] {
  return [...new Set(offers.flatMap((offered) => [...offered.keys()]))].sort((a, b) => a - b);
}

/** Two phones of that make; any MACs will do where the make has no prefix. */
function madeUpMacs(vendor: Vendor): readonly [Mac, Mac] {
  const prefix = vendor.recognise.ouis[0] ?? '020000';
  const [one, other] = [parseMac(`${prefix}000001`), parseMac(`${prefix}a5b6c7`)];
  if (one === undefined || other === undefined) throw new Error(`${prefix} is no MAC prefix`);
  return [one, other];
}

/** What a reply of ours has beside options, and what it would say to phones that stopped half-way. */
function fieldsLeft({ dhcp }: Vendor, { siaddr, sname, file }: Offer): readonly string[] {
  const fields = [
    ['siaddr', siaddr === ANY ? '' : showIpv4(siaddr)],
    ['sname', sname],
    ['file', file],
  ] as const;
  return [
    ...fields.flatMap(([name, value]) =>
      value === '' ? [] : [`the field ${name} of the reply (${value}) is no option: set it by hand`],
    ),
    ...(dhcp.rescue.length === 0 ? [] : ['what helps phones out that stopped half-way through an update']),
  ];
}

function asJson(lan: LanSite, servers: readonly ElsewhereServer[], sets: readonly OptionSet[]) {
  return {
    address: showIpv4(lan.address),
    sets: sets.map((set) => ({
      vendor: set.vendor,
      name: set.name,
      option60: textsOf(set).texts,
      option60Hex: set.option60Hex,
      macPrefixes: set.ouis.map((oui) => oui.toLowerCase()),
      options: set.options.map(({ code, bytes, forced }) => ({
        code,
        name: optionName(code),
        text: asText(bytes),
        hex: toHex(bytes),
        forced,
      })),
      left: set.left,
    })),
    settings: Object.fromEntries(servers.map((server) => [server, writeElsewhere(server, sets)])),
  };
}
