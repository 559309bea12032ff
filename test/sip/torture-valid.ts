// The messages of RFC 4475 that a reader must take: unusual grammar (section 3.1.1), and those that only an application
// may object to (sections 3.3 and 3.4). Lines end with LF here; `onWire` makes them CRLF.

export interface Torture {
  /** The name of the RFC. */
  readonly name: string;
  readonly section: string;
  readonly text: string;
}

/** A request with the headers that all of them have. */
function request(start: string, id: string, lines: readonly string[], body = ''): string {
  const method = start.split(' ', 1)[0] ?? '';
  return [
    start,
    `To: <sip:user@example.com>`,
    `From: <sip:caller@example.net>;tag=${id}`,
    `Call-ID: ${id}.test@example.net`,
    `CSeq: 1 ${method}`,
    `Max-Forwards: 70`,
    `Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bK${id}`,
    ...lines,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\n');
}

const LONG = 'long'.repeat(20);

export const VALID: readonly Torture[] = [
  {
    name: 'wsinv',
    section: '3.1.1.1',
    text: `INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
`,
  },
  {
    name: 'intmeth',
    section: '3.1.1.2',
    text: `!interesting-Method0123456789_*+\`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+\`'~
To: "BEL:\\\x07 NUL:\\ DEL:\\\x7f" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~\` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e\xd1\x89\xd0\xb8\xd0\xb9";tag=_token~1'+\`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word\`~)(><:\\/"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+\`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_\`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb
Content-Length: 0

`,
  },
  {
    name: 'esc01',
    section: '3.1.1.3',
    text: request('INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0', 'esc01', [
      'Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>',
    ]),
  },
  {
    name: 'escnull',
    section: '3.1.1.4',
    text: request('REGISTER sip:example.com SIP/2.0', 'escnull', [
      'Contact: <sip:%00@host5.example.com>',
      'Contact: <sip:%00%00@host5.example.com>',
    ]).replace('To: <sip:user@', 'To: <sip:null-%00-null@'),
  },
  {
    name: 'esc02',
    section: '3.1.1.5',
    text: request('RE%47IST%45R sip:registrar.example.com SIP/2.0', 'esc02', [
      'Contact: <sip:alias1@host1.example.com>',
      'C%6Fntact: <sip:alias2@host2.example.com>',
    ]).replace('To: ', 'To: "%Z%45" '),
  },
  {
    name: 'lwsdisp',
    section: '3.1.1.6',
    text: request('OPTIONS sip:user@example.com SIP/2.0', 'lwsdisp', []).replace(
      'From: <sip:caller@',
      'From: caller<sip:caller@',
    ),
  },
  {
    name: 'longreq',
    section: '3.1.1.7',
    text: request(
      'INVITE sip:user@example.com SIP/2.0',
      'longreq',
      [
        `Unknown-${LONG}-Name: unknown-${LONG}-value; unknown-${LONG}-parameter-name = unknown-${LONG}-parameter-value`,
        ...Array.from({ length: 33 }, (_, at) => `Via: SIP/2.0/TCP sip${33 - at}.example.com`),
        `Contact: <sip:amazinglylongcallername${'amazinglylong'.repeat(10)}@host5.example.net>`,
      ],
      'v=0\n',
    ).replace('To: <', `To: "I have a user name of ${'extreme'.repeat(10)} proportion" <`),
  },
  {
    name: 'dblreq',
    section: '3.1.1.8',
    text: `${request('REGISTER sip:example.com SIP/2.0', 'dblreq', [])}INVITE sip:joe@example.com SIP/2.0
t: sip:joe@example.com
From: sip:caller@example.net;tag=141334

`,
  },
  {
    name: 'semiuri',
    section: '3.1.1.9',
    text: request('OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0', 'semiuri', []),
  },
  {
    name: 'transports',
    section: '3.1.1.10',
    text: request('OPTIONS sip:user@example.com SIP/2.0', 'transports', [
      'Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf',
      'Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj',
      'Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en',
      'Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee',
    ]),
  },
  {
    name: 'mpart01',
    section: '3.1.1.11',
    text: request(
      'MESSAGE sip:kumiko@example.org SIP/2.0',
      'mpart01',
      ['Content-Type: multipart/mixed;boundary=7a9cbec02ceef655'],
      '--7a9cbec02ceef655\nContent-Type: text/plain\n\nHello\n--7a9cbec02ceef655\n\x00\x01\x82\x00\xff\n--7a9cbec02ceef655--\n',
    ),
  },
  {
    name: 'unreason',
    section: '3.1.1.12',
    text: request(
      'SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe',
      'unreason',
      [],
    ).replace('CSeq: 1 SIP/2.0', 'CSeq: 35 INVITE'),
  },
  {
    name: 'noreason',
    section: '3.1.1.13',
    text: request('SIP/2.0 100 ', 'noreason', []).replace('CSeq: 1 SIP/2.0', 'CSeq: 35 INVITE'),
  },
  {
    name: 'unkscm',
    section: '3.3.2',
    text: request('OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0', 'unkscm', []),
  },
  {
    name: 'novelsc',
    section: '3.3.3',
    text: request('OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0', 'novelsc', []),
  },
  {
    name: 'unksm2',
    section: '3.3.4',
    text: request('REGISTER sip:example.com SIP/2.0', 'unksm2', ['Contact: <name:John_Smith>'])
      .replace('<sip:user@example.com>', 'isbn:2983792873')
      .replace('<sip:caller@example.net>', '<http://www.example.com>'),
  },
  {
    name: 'bext01',
    section: '3.3.5',
    text: request('OPTIONS sip:user@example.com SIP/2.0', 'bext01', [
      'Require: nothingSupportsThis, nothingSupportsThisEither',
      'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis',
    ]),
  },
  {
    name: 'invut',
    section: '3.3.6',
    text: request(
      'INVITE sip:user@example.com SIP/2.0',
      'invut',
      ['Contact: <sip:caller@host5.example.net>', 'Content-Type: application/unknownformat'],
      '<audio>\n <pcmu port="443"/>\n</audio>\n',
    ),
  },
  {
    name: 'regaut01',
    section: '3.3.7',
    text: request('REGISTER sip:example.com SIP/2.0', 'regaut01', [
      'Authorization: NoOneKnowsThisScheme opaque-data=here',
    ]),
  },
  {
    name: 'bcast',
    section: '3.3.10',
    text: request('SIP/2.0 200 OK', 'bcast', ['Contact: <sip:user@host28.example.com>'])
      .replace('CSeq: 1 SIP/2.0', 'CSeq: 1234 INVITE')
      .replace('host5.example.net;', '255.255.255.255;'),
  },
  {
    name: 'zeromf',
    section: '3.3.11',
    text: request('OPTIONS sip:user@example.com SIP/2.0', 'zeromf', []).replace(
      'Max-Forwards: 70',
      'Max-Forwards: 0',
    ),
  },
  {
    name: 'cparam01',
    section: '3.3.12',
    text: request('REGISTER sip:example.com SIP/2.0', 'cparam01', [
      'Contact: sip:+19725552222@gw1.example.net;unknownparam',
    ]),
  },
  {
    name: 'cparam02',
    section: '3.3.13',
    text: request('REGISTER sip:example.com SIP/2.0', 'cparam02', [
      'Contact: <sip:+19725552222@gw1.example.net;unknownparam>',
    ]),
  },
  {
    name: 'regescrt',
    section: '3.3.14',
    text: request('REGISTER sip:example.com SIP/2.0', 'regescrt', [
      'Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>',
    ]),
  },
  {
    name: 'sdp01',
    section: '3.3.15',
    text: request(
      'INVITE sip:user@example.com SIP/2.0',
      'sdp01',
      [
        'Contact: <sip:caller@host5.example.net>',
        'Accept: text/nobodyKnowsThis',
        'Content-Type: application/sdp',
      ],
      'v=0\nm=audio 49217 RTP/AVP 0 12\n',
    ),
  },
  {
    name: 'inv2543',
    section: '3.4.1',
    text: `INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.5
s=-
c=IN IP4 192.0.2.5
t=0 0
m=audio 49217 RTP/AVP 0
`,
  },
];
