// Why the HTTP door said no before any file was looked at. Part of the table of reasons.

export const HTTP_REASONS = {
  'sign-in-needed': {
    because: 'its folder is behind a user name and a password',
    meaning:
      'doors.accounts protects the folder, and the phone brought neither. It asks again with what was typed in, or shows a prompt. Nothing to do.',
  },
  'wrong-password': {
    because: 'user name or password is wrong',
    meaning:
      'What the phone sent fits no account of that folder in doors.accounts. Look for capital letters, and for an old password that the phone has kept.',
  },
  'sign-in-stale': {
    because: 'its sign-in had run out and must be made again',
    meaning:
      'A Digest answer counts for five minutes, and each of its counts once. The phone signs in again by itself; if this repeats without end, somebody sends copies of what a phone once sent.',
  },
  'certificate-of-another-phone': {
    because: 'its client certificate is that of another phone',
    meaning:
      'The name holds one MAC and the certificate another. A phone asks so for nobody but itself: look who is at that address.',
  },
  'request-garbled': {
    because: 'the request cannot be understood',
    meaning:
      'Its target holds a broken escape (% without two hex digits), or its headers contradict each other.',
  },
  'length-needed': {
    because: 'an upload must say how long it is',
    meaning: 'A PUT or POST came with neither Content-Length nor chunks, so its end cannot be told.',
  },
} as const;
