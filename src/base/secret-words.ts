// What secrets are called, wherever somebody names one: keys of what is logged, settings in texts and in the files of
// phones, columns of the phone list. Sources of regular expressions, for each place has its own way of writing names.

/** They name a secret wherever they stand in a name. */
export const SECRET_WORDS = 'password|passwd|passphrase|pswd|pwd|secret';

/** These do as a part of their own only: user_pin, and not spinning. */
export const SECRET_PARTS = 'pin|psk|key';
