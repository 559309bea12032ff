// nmap as the installer's second opinion: what it sees offered to a phone, by its script that looks for DHCP servers.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAGING, startDaemon } from './daemon.ts';
import { describeLab, type Lab, openLab } from './lab.ts';

const NEEDS = { commands: ['ip', 'nmap'], packages: ['iproute2', 'nmap'] };
const SETTINGS = `
lans:
  - interface: lan0
    dhcp:
      pool: 10.99.0.50-10.99.0.99
      lease: 2h
      router: 10.99.0.254
      dns: [10.99.0.253]
      domain: staging.example
      guard: off
`;

let lab: Lab;

/** The lines of nmap about each answer that it heard within 6 s. */
async function scan(mac: string): Promise<readonly (readonly string[])[]> {
  const script = 'broadcast-dhcp-discover';
  const settings = `${script}.mac=${mac},${script}.timeout=6`;
  const output = await lab.run('phones', ['nmap', '-e', 'p0', '--script', script, '--script-args', settings]);
  const [, ...answers] = output.split(/Response \d+ of \d+:/);
  return answers.map((answer) => [...answer.matchAll(/^\|_? {4,}(\S.*)$/gm)].map(([, line = '']) => line));
}

await describeLab('nmap looks for DHCP servers', NEEDS, () => {
  beforeAll(async () => {
    // nmap takes no interface without an address.
    lab = await openLab([{ ...STAGING, peerAddress: '10.99.0.9/24' }]);
    await startDaemon(lab, { settings: SETTINGS });
  });
  afterAll(async () => {
    await lab.close();
  });

  test('a Yealink is offered its URL, without a NUL behind it', async () => {
    // nmap prints a NUL as \x00.
    expect(await scan('80:5e:c0:00:00:0a')).toEqual([
      [
        'Interface: p0',
        'IP Offered: 10.99.0.50',
        'DHCP Message Type: DHCPOFFER',
        'Server Identifier: 10.99.0.1',
        'IP Address Lease Time: 2h00m00s',
        'Subnet Mask: 255.255.255.0',
        'Router: 10.99.0.254',
        'Domain Name Server: 10.99.0.253',
        'Domain Name: staging.example',
        'Broadcast Address: 10.99.0.255',
        'Vendor Specific Information: http://10.99.0.1/',
        'Renewal Time Value: 1h00m00s',
        'Rebinding Time Value: 1h45m00s',
        'TFTP Server Name: http://10.99.0.1/',
      ],
    ]);
  });

  test('a stranger is offered an address on probation, and this TFTP server', async () => {
    const [answer = [], ...others] = await scan('02:00:00:00:00:0a');
    expect(others).toEqual([]);
    expect(answer).toEqual(
      expect.arrayContaining([
        'IP Offered: 10.99.0.51',
        'IP Address Lease Time: 5m00s',
        'Router: 10.99.0.254',
      ]),
    );
    expect(answer.filter((line) => /TFTP|Vendor/.test(line))).toEqual(['TFTP Server Name: 10.99.0.1']);
  });
});
