// Why the FTP door said no before any file was looked at. Part of the table of reasons.

export const FTP_REASONS = {
  'data-elsewhere': {
    because: 'a data connection with another host was tried',
    meaning:
      'Somebody tried to make unboxd send a file to another host than the one that asks (the bounce attack of FTP), or to take the place of the phone at a data port. It was refused. No phone does that: look who is at that address.',
  },
} as const;
