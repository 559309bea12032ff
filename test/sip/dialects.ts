// How phones ask for provisioning by multicast, message by message: from captures and from the makers' printed traces.
import type { Dialect } from './dialect.ts';
import { RARER } from './dialects-rarer.ts';

/** The text as bytes, with the line ends of RFC 3261. */
export function onWire(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}

export const W52P: Dialect = {
  phone: 'Yealink W52P: no separator after MAC, port 5059',
  mac: '001565f4f9e1',
  vendor: 'yealink',
  model: 'W52P',
  version: '25.81.0.10',
  text: `SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.3.239:5059;branch=z9hG4bK1536537630
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=1536537630
To: <sip:MAC001565f4f9e1@224.0.1.75>
Call-ID: 1536537630@10.1.3.239
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC001565f4f9e1@10.1.3.239:5059>
Max-Forwards: 70
User-Agent: Yealink W52P 25.81.0.10
Expires: 0
Event: ua-profile;profile-type="device";vendor="yealink";model="W52P";version="25.81.0.10"
Accept: application/url
Content-Length: 0

`,
};

export const SNOM_370: Dialect = {
  phone: 'Snom 370: port 1053, no branch, no Max-Forwards, its own domain',
  mac: '0004132e08b4',
  vendor: 'snom',
  model: 'snom370',
  version: '8.7.5.48',
  text: `SUBSCRIBE sip:MAC%3a0004132E08B4@lan SIP/2.0
Via: SIP/2.0/UDP 10.1.3.155:1053;rport
From: <sip:MAC%3a0004132E08B4@lan>;tag=668717252
To: <sip:MAC%3a0004132E08B4@lan>
Call-ID: 949137397@10.1.3.155
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="snom";model="snom370";version="8.7.5.48"
Expires: 0
Accept: application/url
Contact: <sip:10.1.3.155:1053>
User-Agent: snom370/8.7.5.48
Content-Length: 0

`,
};

export const AUDIOCODES_440HD: Dialect = {
  phone: 'AudioCodes 440HD: no MAC anywhere, no vendor, profile-type application',
  mac: undefined,
  vendor: undefined,
  model: '440HD',
  version: '2.2.2',
  text: `SUBSCRIBE sip:224.0.1.75:5060 SIP/2.0
From: <sip:00000001@10.1.2.37:5060>;tag=87a5a8-25020d0a-13c4-50029-386d4398-66dc40c-386d4398
To: <sip:224.0.1.75:5060>
Call-ID: 8884c8-25020d0a-13c4-50029-386d4398-3e2bcb8e-386d4398
CSeq: 1 SUBSCRIBE
Via: SIP/2.0/UDP 10.1.2.37:5060;rport;branch=z9hG4bK-386d4398-6ad00ca2-7ca3606e
Expires: 0
Event: ua-profile;profile-type="application";model="440HD";version="2.2.2"
Max-Forwards: 70
Supported: replaces,100rel
Accept: application/url
Contact: <sip:00000001@10.1.2.37:5060>
User-Agent: AUDC-IPPhone/2.2.2
Content-Length: 0

`,
};

export const DIALECTS: readonly Dialect[] = [
  W52P,
  SNOM_370,
  AUDIOCODES_440HD,
  {
    phone: 'Yealink T53W: escaped colon, rport, MAC at the end of the User-Agent',
    mac: '805e0c4d796d',
    vendor: 'Yealink',
    model: 'T53W',
    version: '96.87.0.16',
    text: `SUBSCRIBE sip:MAC%3a805e0c4d796d@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.3.121:5060;branch=z9hG4bK1234;rport
From: <sip:MAC%3a805e0c4d796d@224.0.1.75>;tag=77aa
To: <sip:MAC%3a805e0c4d796d@224.0.1.75>
Call-ID: abc123@10.1.3.121
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.3.121:5060>
Max-Forwards: 70
User-Agent: Yealink SIP-T53W 96.87.0.16 80:5e:0c:4d:79:6d
Event: ua-profile;profile-type="device";vendor="Yealink";model="T53W";version="96.87.0.16"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Snom 7.x as printed: OEM for vendor and model, no User-Agent, no branch',
    mac: '000413241234',
    vendor: 'OEM',
    model: 'OEM',
    version: '7.1.19',
    text: `SUBSCRIBE sip:MAC%3a000413241234@intern.snom.de SIP/2.0
Via: SIP/2.0/UDP 10.1.3.31:5060;rport
From: <sip:MAC%3a000413241234@intern.snom.de>;tag=1860137243
To: <sip:MAC%3a000413241234@intern.snom.de>
Call-ID: 1860137243@10.1.3.31
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"
Expires: 0
Accept: application/url
Contact: <sip:10.1.3.31:5060>
Content-Length: 0

`,
  },
  {
    phone: 'Snom M700: From names a line, the MAC is in the Request-URI',
    mac: '00041363abcd',
    vendor: 'snom',
    model: 'snomM700',
    version: '03.23.0005',
    text: `SUBSCRIBE sip:MAC%3a00041363ABCD@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.90:5060;branch=z9hG4bKe0lxkfg3pf1n
From: <sip:512@10.1.0.90>;tag=nrcc9h
To: <sip:MAC%3a00041363ABCD@224.0.1.75>
Call-ID: 3b8a6e@10.1.0.90
CSeq: 1 SUBSCRIBE
Contact: <sip:512@10.1.0.90>
Max-Forwards: 70
User-Agent: snomM700/03.23.0005 (MAC=00041363ABCD; SER=00000; HW=255)
Event: ua-profile;profile-type="device";vendor="snom";model="snomM700";version="03.23.0005"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Gigaset Maxwell: upper case escape, User-Agent before all',
    mac: '7c2f8030d21e',
    vendor: 'Gigaset',
    model: 'Maxwell 3',
    version: '2.22.0',
    text: `SUBSCRIBE sip:MAC%3A7C2F8030D21E@local SIP/2.0
User-Agent: Maxwell 3/2.22.0
Via: SIP/2.0/UDP 10.1.3.88:5060;branch=z9hG4bK-8c1f
From: <sip:MAC%3A7C2F8030D21E@local>;tag=8c1f
To: <sip:MAC%3A7C2F8030D21E@local>
Call-ID: 8c1f@10.1.3.88
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.3.88:5060>
Max-Forwards: 70
Event: ua-profile;profile-type="device";vendor="Gigaset";model="Maxwell 3";version="2.22.0"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Grandstream GRP2612W: port 5080, CSeq 20000',
    mac: 'c074ad112233',
    vendor: 'Grandstream',
    model: 'GRP2612W',
    version: '1.0.5.67',
    text: `SUBSCRIBE sip:MAC%3AC074AD112233@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.1.2:5080;branch=z9hG4bK1611133778;rport
From: <sip:MAC%3AC074AD112233@224.0.1.75>;tag=395400190
To: <sip:MAC%3AC074AD112233@224.0.1.75>
Call-ID: 490431573-5080-1@BJC.BGI.IG.DA
CSeq: 20000 SUBSCRIBE
Contact: <sip:10.1.1.2:5080>
Max-Forwards: 70
User-Agent: Grandstream GRP2612W 1.0.5.67
Expires: 0
Supported: replaces, path
Event: ua-profile;profile-type="device";vendor="Grandstream";model="GRP2612W";version="1.0.5.67"
Accept: application/url
Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE
Content-Length: 0

`,
  },
  {
    phone: 'Planet VIP-2140PT: MAC=, no blank after Event:, no From tag',
    mac: '00304fa99948',
    vendor: 'PLANET',
    model: 'VIP-2140PT',
    version: '1.0.0',
    text: `SUBSCRIBE sip:MAC=00304fa99948@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.20:5060;branch=z9hG4bK31298
From: <sip:MAC=00304fa99948@224.0.1.75>
To: <sip:MAC=00304fa99948@224.0.1.75>
Call-ID: 31298@10.1.0.20
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.0.20:5060>
Max-Forwards: 70
Event:ua-profile;profile-type="device";vendor="PLANET";model="VIP-2140PT";version="1.0.0"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Planet as its manual prints it: a blank after MAC=',
    mac: '00304fa99948',
    vendor: 'PLANET',
    model: 'VIP-1120PT',
    version: undefined,
    text: `SUBSCRIBE sip:MAC= 00304fa99948@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.20:5060;branch=z9hG4bK31299
From: <sip:MAC= 00304fa99948@224.0.1.75>
To: <sip:MAC= 00304fa99948@224.0.1.75>
Call-ID: 31299@10.1.0.20
CSeq: 1 SUBSCRIBE
Event:ua-profile;profile-type="device";vendor="PLANET";model="VIP-1120PT"
Expires: 0
Content-Length: 0

`,
  },
  {
    phone: 'Fanvil X4U: a model that says nothing, MAC in the User-Agent only',
    mac: '0c383e112233',
    vendor: 'Fanvil',
    model: 'VOIP PHONE',
    version: '2.4.2',
    text: `SUBSCRIBE sip:224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.33:5060;branch=z9hG4bK870115
From: <sip:anonymous@224.0.1.75>;tag=870115
To: <sip:anonymous@224.0.1.75>
Call-ID: 870115@10.1.0.33
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.0.33:5060>
Max-Forwards: 70
User-Agent: Fanvil X4U 2.4.2 0c383e112233
Event: ua-profile;profile-type="device";vendor="Fanvil";model="VOIP PHONE";version="2.4.2"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Flyingvoice: the shortest, from a high port',
    mac: '0021f222b01d',
    vendor: undefined,
    model: undefined,
    version: undefined,
    text: `SUBSCRIBE sip:MAC0021f222b01d@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.163:59495
From: <sip:MAC0021f222b01d@224.0.1.75>;tag=1
To: <sip:MAC0021f222b01d@224.0.1.75>
Call-ID: 1@10.1.0.163
CSeq: 1 SUBSCRIBE
Event: ua-profile
Expires: 0
Content-Length: 0

`,
  },
  ...RARER,
];
