// The embedded default of the demo: twelve phones of four makers, their list and their settings, as files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Closable } from '../base/world.ts';

export interface DemoPhone {
  readonly mac: string;
  readonly vendor: string;
  readonly model: string;
  readonly label: string;
}

export interface DemoSite extends Closable {
  readonly folder: string;
  readonly config: string;
  readonly control: string;
}

/** The list as an installer would write it. One phone is left out of it: strangers must be welcome, too. */
export const DEMO_LIST = `mac,vendor,model,label,extension,sip_server,sip_user,sip_password
00:15:65:10:00:01,yealink,T46S,Reception,101,pbx.example,101,demo-101
80:5e:c0:10:00:02,yealink,T42S,Kitchen,102,pbx.example,102,demo-102
24:9a:d8:10:00:03,yealink,T54W,Boss,103,pbx.example,103,demo-103
0c:38:3e:10:00:04,fanvil,C62,Workshop,104,pbx.example,104,demo-104
0c:38:3e:10:00:05,fanvil,X4,Store room,105,pbx.example,105,demo-105
0c:38:3e:10:00:06,fanvil,X6,Yard,106,pbx.example,106,demo-106
00:21:f2:10:00:07,flyingvoice,FIP13G,Lobby,107,pbx.example,107,demo-107
00:21:f2:10:00:08,flyingvoice,FIP15G,Bar,108,pbx.example,108,demo-108
78:99:12:10:00:09,flyingvoice,FIP14G,Garage,109,pbx.example,109,demo-109
00:56:2b:10:00:0a,cisco,CP-6841-3PCC,Office 1,110,pbx.example,110,demo-110
00:56:2b:10:00:0b,cisco,CP-7841-3PCC,Office 2,111,pbx.example,111,demo-111
`;

/** All phones that are plugged in: those of the list, and one more. */
export function demoPhones(): readonly DemoPhone[] {
  const rows = DEMO_LIST.trim().split('\n').slice(1);
  const listed = rows.map((row) => {
    const [mac = '', vendor = '', model = '', label = ''] = row.split(',');
    return { mac, vendor, model, label };
  });
  const [first] = listed;
  if (first === undefined) return listed;
  return [...listed, { ...first, mac: '00:15:65:10:00:0c', label: 'a phone that nobody listed' }];
}

/** Writes settings and list into a folder of its own; closing removes it. */
export async function writeDemoSite(place: { readonly interface: string }): Promise<DemoSite> {
  const folder = await mkdtemp(join(tmpdir(), 'unboxd-demo-'));
  const config = join(folder, 'unboxd.yaml');
  const control = join(folder, 'control.sock');
  const settings = `lans:
  - interface: ${place.interface}
    dhcp: { lease: 1h }
phones: phones.csv
state: state
control: { socket: control.sock }
log: { level: info }
`;
  await writeFile(config, settings);
  await writeFile(join(folder, 'phones.csv'), DEMO_LIST);
  return { folder, config, control, close: async () => await rm(folder, { recursive: true, force: true }) };
}
