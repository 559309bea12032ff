// Two LANs of one machine: the desk has a leg in each, and neither must hear of the other.
import type { StageLink } from '../../src/rehearse/stage.ts';

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
