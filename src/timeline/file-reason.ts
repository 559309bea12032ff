// Why a file was not taken from a phone, or not given to it. Part of the table of reasons.

export const FILE_REASONS = {
  'upload-not-allowed': {
    because: 'phones of its make write no file of that name',
    meaning:
      'Phones may write only what their vendor file lists under uploads, such as their own settings, contacts and logs. Add the name there (vendors: in unboxd.yaml) if it is wanted.',
  },
  'upload-over-served': {
    because: 'a file of that name is served here and must not be written over',
    meaning:
      'The files folder or a template has a file of that name. What the installer wrote is never replaced by a phone. Take the file away if the phone’s own is wanted.',
  },
  'upload-too-large': {
    because: 'it is too large',
    meaning:
      'files.uploads.largest (for logs files.uploads.largestLog) sets how large a written file may be. The file from before is still there.',
  },
  'upload-quota-used': {
    because: 'the space for uploads is used up',
    meaning:
      'Everything that phones wrote, with earlier versions, is as large as files.uploads.quota allows. Clear the folder, keep fewer versions, or raise the quota.',
  },
  'disk-full': {
    because: 'the disk is full',
    meaning:
      'The file could not be written. What was there before is untouched. Make room on the disk; the phone writes again by itself.',
  },
  'disk-trouble': {
    because: 'it cannot be read just now',
    meaning:
      'The files folder or the disk gives an error, which is told as a fault with its words. The phone is told to come again later, not that there is no such file.',
  },
  'not-the-holder': {
    because: 'it holds passwords, and this address is not the one that was given to its phone',
    meaning:
      'A file with secrets goes only to the address that holds the lease of its phone, or to whoever shows the phone’s certificate or signs in. If addresses come from another server, set files.bind to claim.',
  },
  'token-needed': {
    because: 'it holds passwords, and they go only to whoever shows the token of its phone',
    meaning:
      'files.tokens is on: the URL must carry the token of the phone, and its first token is good until the lasting one was shown. A phone that was reset gets a new first token by "unboxd tokens --mac MAC --renew"; then restart it.',
  },
  'token-wrong': {
    because: 'the token in its URL was not made here',
    meaning:
      'Somebody tries URLs, or the phone has a URL of another unboxd, or the state folder is not the one from before (certs/tokens.key in it is the key of all tokens). Look who is at that address; a phone of yours is reset, or gets its URL anew.',
  },
  'outside-the-window': {
    because: 'files with passwords are given out at other times only',
    meaning:
      'files.window, or files.windows for the batch of this phone, sets from when until when files with secrets are given out. Set it anew, or take it out.',
  },
  'no-access': {
    because: 'unboxd has no right to read it',
    meaning:
      'The file is in the files folder, but the user that unboxd runs as may not read it, or may not enter its folder. Give it the right (chmod a+r FILE, chmod a+rx FOLDER); the phone gets it at its next try.',
  },
  'seal-key-unusable': {
    because: 'the seal_key of its phone cannot be used',
    meaning:
      'The phone list has a seal_key for this phone that does not fit the container of its make (for Yealink it has 16 or 32 characters). Correct the list; the file is not given out unsealed.',
  },
  'sealed-for-http-only': {
    because: 'it is sealed in a way that only HTTP can say',
    meaning:
      'Phones of this make know an aes128gcm file by its Content-Encoding, which TFTP and FTP do not have. Give the phone an http:// URL, or set config.seal.otherDoors: plain for its make to send the file unsealed there.',
  },
} as const;
