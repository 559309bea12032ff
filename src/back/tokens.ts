// The tokens of URLs where the file doors stand: what a URL in a file says, and what a token in a name opens.
import { withoutTokenPlace } from '../base/token-text.ts';
import type { Asker } from '../files/desk.ts';
import { createTokenGate, type TokenGate } from '../files/token-gate.ts';
import { mintToken } from '../files/tokens.ts';
import { urlFor } from '../phones/url.ts';
import type { FileDoorsParts } from './doors.ts';

export interface FileTokens extends TokenGate {
  /** The URL that files tell: with the lasting token, or with none to those who may not know it. */
  readonly urlFor: (phone: Asker) => string | undefined;
}

/** Undefined where URLs carry no tokens. */
export function openTokens({ site, world, tell }: FileDoorsParts): FileTokens | undefined {
  const { files, tokenKey: key, url, server, catalogue } = site;
  if (files?.tokens === undefined || key === undefined) return undefined;
  const gate = createTokenGate({ key, rule: files.tokens, windows: files, world, tell });
  return {
    ...gate,
    urlFor: (phone) => {
      const kind = phone.access === undefined ? 'lasting' : phone.access.told;
      if (kind === undefined) return urlFor({ url: withoutTokenPlace(url), server, catalogue, phone });
      const { generation } = gate.stateOf(phone);
      const token = () => mintToken(key, { mac: phone.mac, kind, generation });
      return urlFor({ url, server, catalogue, phone, token });
    },
  };
}
