// The DHCP messages of a capture: questions to explain, and who answered them there.

import { toHex } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { type Ipv4, showIpv4 } from '../base/ipv4.ts';
import { type Capture, type CapturedUdp, readCapture } from '../base/pcap.ts';
import { messageType, serverId } from '../dhcp/clues.ts';
import { BOOTREPLY, BOOTREQUEST, type DhcpMessage, decodePacket } from '../dhcp/packet.ts';

/** A question of a client, and how often it was asked in the same words. */
export interface CapturedQuestion {
  readonly hex: string;
  readonly times: number;
}

/** An answer of some server, in words. */
export interface CapturedAnswer {
  readonly server: string;
  readonly sentence: string;
}

export interface CapturedDhcp {
  readonly questions: readonly CapturedQuestion[];
  readonly answers: readonly CapturedAnswer[];
  readonly capture: Pick<Capture, 'frames' | 'incomplete'>;
}

const SERVER_PORT = 67;

/** Reads a capture. Throws a Fault for a file that is none, or that holds no DHCP. */
export function readCapturedDhcp(file: string, bytes: Uint8Array): CapturedDhcp {
  const read = readCapture(bytes);
  if (!read.ok) {
    const hint = 'write one with: tcpdump -i eth1 -w phone.pcap port 67 or port 68';
    throw new Fault('no-capture', `${file} is no packet capture (${read.error.message})`, hint, read.error);
  }
  const { datagrams, frames, incomplete } = read.value;
  const questions = new Map<string, { readonly hex: string; times: number }>();
  const answers = new Map<string, CapturedAnswer>();
  for (const datagram of datagrams) {
    const decoded = decodePacket(datagram.payload);
    if (!decoded.ok) continue;
    const message = decoded.value;
    if (message.op === BOOTREQUEST && datagram.to.port === SERVER_PORT) note(questions, message, datagram);
    if (message.op === BOOTREPLY) {
      const answer = answerOf(message, datagram);
      answers.set(answer.sentence, answer);
    }
  }
  if (questions.size + answers.size === 0) {
    const cut = incomplete > 0 ? `, ${incomplete} of them cut short` : '';
    const hint =
      'capture while the phone starts, whole packets: tcpdump -s 0 -i eth1 -w phone.pcap port 67 or port 68';
    throw new Fault('no-dhcp', `${file} holds no DHCP message (${frames} frames${cut})`, hint);
  }
  return {
    questions: [...questions.values()],
    answers: [...answers.values()],
    capture: { frames, incomplete },
  };
}

/** The same words but for transaction and time are the same question. */
function note(
  questions: Map<string, { readonly hex: string; times: number }>,
  { chaddr, giaddr, options }: DhcpMessage,
  { payload }: CapturedUdp,
): void {
  const words = [...options].map(([code, bytes]) => `${code}=${toHex(bytes)}`);
  const key = [toHex(chaddr), giaddr, ...words].join(' ');
  const known = questions.get(key);
  if (known !== undefined) known.times += 1;
  else questions.set(key, { hex: toHex(payload), times: 1 });
}

function answerOf({ options, yiaddr, chaddr }: DhcpMessage, { from }: CapturedUdp): CapturedAnswer {
  const server = showIpv4(serverId(options) ?? from.address);
  const type = messageType(options) ?? 'bootp';
  const which = (yiaddr as Ipv4) === 0 ? '' : ` with ${showIpv4(yiaddr)}`;
  const whom = toHex(chaddr).replaceAll(/(..)(?=.)/g, '$1:');
  return { server, sentence: `${server} answered ${whom}: ${type.toUpperCase()}${which}` };
}
