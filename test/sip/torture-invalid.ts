// The messages of RFC 4475 that a reader must refuse: broken grammar (section 3.1.2), a branch that is none (3.2), and
// headers that are missing or stand twice (3.3). Lines end with LF here; `onWire` makes them CRLF.
import type { Torture } from './torture-valid.ts';

/** What follows is right but for the one change. */
function broken(
  name: string,
  section: string,
  changes: readonly (readonly [RegExp | string, string])[],
  start = 'INVITE sip:user@example.com SIP/2.0',
): Torture {
  const method = start.startsWith('SIP') ? 'INVITE' : (start.split(' ')[0] ?? '');
  const good = [
    start,
    'To: sip:j.user@example.com',
    'From: sip:caller@example.net;tag=134161461246',
    'Max-Forwards: 7',
    `Call-ID: ${name}.0ha0isndaksdjasdf3234nas`,
    `CSeq: 8 ${method}`,
    'Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw',
    'Contact: <sip:caller@host15.example.net>',
    'Expires: 353245',
    'Content-Type: application/sdp',
    'Content-Length: 5',
    '',
    'v=0\n',
  ].join('\n');
  const text = changes.reduce((old, [from, to]) => {
    const next = old.replace(from, to);
    if (next === old) throw new Error(`${name}: nothing to replace`);
    return next;
  }, good);
  return { name, section, text };
}

export const INVALID: readonly Torture[] = [
  broken('badinv01', '3.1.2.1', [
    [/Via: .*/, 'Via: SIP/2.0/UDP 192.0.2.15;;,;,,'],
    [/Contact: .*/, 'Contact: "Joe" <sip:joe@example.org>;;;;'],
  ]),
  broken('clerr', '3.1.2.2', [['Content-Length: 5', 'Content-Length: 9999']]),
  broken('ncl', '3.1.2.3', [['Content-Length: 5', 'Content-Length: -999']]),
  broken(
    'scalar02',
    '3.1.2.4',
    [
      ['CSeq: 8', 'CSeq: 36893488147419103232'],
      ['Max-Forwards: 7\n', 'Max-Forwards: 300\n'],
      ['Expires: 353245', 'Expires: 1000000000000000000000000000000'],
    ],
    'REGISTER sip:example.com SIP/2.0',
  ),
  broken(
    'scalarlg',
    '3.1.2.5',
    [['CSeq: 8', 'CSeq: 9292394834772304023312']],
    'SIP/2.0 503 Service Unavailable',
  ),
  broken('quotbal', '3.1.2.6', [[/To: .*/, 'To: "Mr. J. User <sip:j.user@example.com>']]),
  broken('ltgtruri', '3.1.2.7', [], 'INVITE <sip:user@example.com> SIP/2.0'),
  broken('lwsruri', '3.1.2.8', [], 'INVITE sip:user@example.com; lr SIP/2.0'),
  broken('lwsstart', '3.1.2.9', [], 'INVITE  sip:user@example.com  SIP/2.0'),
  broken('trws', '3.1.2.10', [], 'OPTIONS sip:remote-target@example.com SIP/2.0  '),
  broken('escruri', '3.1.2.11', [], 'INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0'),
  broken('baddate', '3.1.2.12', [['Expires', 'Date: Fri, 01 Jan 2010 16:00:00 EST\nExpires']]),
  broken(
    'regbadct',
    '3.1.2.13',
    [[/Contact: .*/, 'Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E']],
    'REGISTER sip:example.com SIP/2.0',
  ),
  broken('badaspec', '3.1.2.14', [[/To: .*/, 'To: "Watson, Thomas" < sip:t.watson@example.org >']]),
  broken('baddn', '3.1.2.15', [[/From: .*/, 'From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43']]),
  broken('badvers', '3.1.2.16', [], 'OPTIONS sip:t.watson@example.org SIP/7.0'),
  broken('mismatch01', '3.1.2.17', [['8 OPTIONS', '8 INVITE']], 'OPTIONS sip:user@example.com SIP/2.0'),
  broken('mismatch02', '3.1.2.18', [['8 NEWMETHOD', '8 INVITE']], 'NEWMETHOD sip:user@example.com SIP/2.0'),
  broken('bigcode', '3.1.2.19', [], 'SIP/2.0 4294967301 better not break the receiver'),
  broken('badbranch', '3.2.1', [['branch=z9hG4bKkdjuw', 'branch=z9hG4bK']]),
  broken('insuf', '3.3.1', [
    [/To: .*\n/, ''],
    [/From: .*\n/, ''],
    [/Call-ID: .*\n/, ''],
  ]),
  broken('multi01', '3.3.8', [
    ['Max-Forwards: 7\n', 'Max-Forwards: 7\nCSeq: 59 INVITE\nCall-ID: multi01.98asdh@192.0.2.2\n'],
    ['Expires', 'From: sip:caller@example.net;tag=3413415\nTo: sip:other@example.net\nExpires'],
  ]),
  broken(
    'mcl01',
    '3.3.9',
    [['Content-Length: 5', 'Content-Length: 13\nContent-Length: 5']],
    'OPTIONS sip:user@example.com SIP/2.0',
  ),
];
