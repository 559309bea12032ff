// Dialects known from public code only, and spellings that the standard allows and no maker was seen to use.
import type { Dialect } from './dialect.ts';

export const RARER: readonly Dialect[] = [
  {
    phone: 'Htek: MAC and blank, no Content-Length',
    mac: '001fc1aabbcc',
    vendor: 'Htek',
    model: 'UC924',
    version: '2.0.4.4',
    text: `SUBSCRIBE sip:MAC%20001fc1aabbcc@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.41:5060;branch=z9hG4bK77
From: <sip:MAC%20001fc1aabbcc@224.0.1.75>;tag=77
To: <sip:MAC%20001fc1aabbcc@224.0.1.75>
Call-ID: 77@10.1.0.41
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="Htek";model="UC924";version="2.0.4.4"
Expires: 0

`,
  },
  {
    phone: 'compact names, MAC:, blanks and odd case in Event, two Via in one line',
    mac: '0015654093a7',
    vendor: 'Yealink',
    model: 'SIP-T32G',
    version: '32.70.0.228',
    text: `SUBSCRIBE sip:MAC:0015654093A7@224.0.1.75 SIP/2.0
v: SIP/2.0/UDP 10.1.0.204:5060;branch=z9hG4bK1, SIP/2.0/UDP 10.9.0.1:5060;branch=z9hG4bK2
f: <sip:MAC:0015654093A7@224.0.1.75>;tag=1
t: <sip:MAC:0015654093A7@224.0.1.75>
i: yl-1
cSEQ: 7   SUBSCRIBE
o: UA-Profile ; profile-type=device ;
 vendor="Yealink" ; Model="SIP-T32G" ; version="32.70.0.228"
l: 0

`,
  },
  {
    phone: 'the MAC in To only, in capitals with dashes',
    mac: '001565f4f9e1',
    vendor: undefined,
    model: undefined,
    version: undefined,
    text: `SUBSCRIBE sip:224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.7;branch=z9hG4bK9
From: "A \\"Phone\\" <of> ours; <" <sip:anonymous@anonymous.invalid>;tag=9
To: sip:mac:00-15-65-F4-F9-E1@224.0.1.75
Call-ID: 9
CSeq: 1 SUBSCRIBE
Event: ua-profile

`,
  },
  {
    phone: 'Atcom: no model but its name',
    mac: '001f5c0a0b0c',
    vendor: 'ATCOM',
    model: 'ATCOM',
    version: undefined,
    text: `SUBSCRIBE sip:MAC%3a001f5c0a0b0c@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.42:5060;branch=z9hG4bK420;rport
From: <sip:MAC%3a001f5c0a0b0c@224.0.1.75>;tag=420
To: <sip:MAC%3a001f5c0a0b0c@224.0.1.75>
Call-ID: 420@10.1.0.42
CSeq: 1 SUBSCRIBE
Contact: <sip:10.1.0.42:5060>
Max-Forwards: 70
Event: ua-profile;profile-type="device";vendor="ATCOM";model="ATCOM"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
  {
    phone: 'Akuvox R20K: no separator, a bare number for Call-ID',
    mac: '0c11050a0b0c',
    vendor: 'Akuvox',
    model: 'R20K',
    version: undefined,
    text: `SUBSCRIBE sip:MAC0c11050a0b0c@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 10.1.0.43:5060;rport;branch=z9hG4bK1804289383
From: <sip:MAC0c11050a0b0c@224.0.1.75>;tag=846930886
To: <sip:MAC0c11050a0b0c@224.0.1.75>
Call-ID: 1681692777
CSeq: 20 SUBSCRIBE
Contact: <sip:MAC0c11050a0b0c@10.1.0.43:5060>
Max-Forwards: 70
Event: ua-profile;profile-type="device";vendor="Akuvox";model="R20K"
Expires: 0
Accept: application/url
Content-Length: 0

`,
  },
];
