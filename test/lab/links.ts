// Cables that several tests lay: two LANs of one machine, and a phone behind a switch.
import type { StageLink } from '../../src/rehearse/stage.ts';
import type { Lab } from './lab.ts';

/** The desk has a leg in each, and neither must hear of the other. */
export const FIRST: StageLink = {
  host: 'desk',
  interface: 'lan0',
  address: '10.99.1.1/24',
  peer: 'phones',
  peerInterface: 'p0',
};
export const OFFICE: StageLink = {
  host: 'desk',
  interface: 'lan1',
  address: '10.99.2.1/24',
  peer: 'office',
  peerInterface: 'q0',
};

/** "phone" stands behind "phones", whose bridge is the switch of the LAN. */
export const BEHIND: StageLink = {
  host: 'phones',
  interface: 'b1',
  address: '10.98.0.1/24',
  peer: 'phone',
  peerInterface: 'c0',
};

/** That switch, which is somebody too: with that MAC, at those addresses. */
export async function bridge(lab: Lab, mac: string, addresses: readonly string[]): Promise<void> {
  await ipBatch(lab, 'phones', [
    'address flush dev b1',
    'link add br0 type bridge forward_delay 0',
    `link set br0 address ${mac}`,
    'link set p0 master br0',
    'link set b1 master br0',
    'link set br0 up',
    ...addresses.map((address) => `address add ${address}/24 dev br0`),
  ]);
}

/** What is after "ip" in each of those commands, by one process. */
export async function ipBatch(lab: Lab, namespace: string, commands: readonly string[]): Promise<void> {
  await lab.run(namespace, ['sh', '-c', 'printf "%s\\n" "$@" | ip -batch -', 'sh', ...commands]);
}
