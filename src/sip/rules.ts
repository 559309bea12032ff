// The installer's rules: which phones are answered, ignored or refused.
import type { Phone } from '../phones/phone.ts';
import type { PnpRule, PnpVerb } from '../site/site.ts';

/** What the first rule says that fits the phone; it is answered when none does. */
export function verbFor(rules: readonly PnpRule[], phone: Pick<Phone, 'mac' | 'identity'>): PnpVerb {
  return rules.find((rule) => fits(rule, phone))?.do ?? 'answer';
}

function fits({ vendor, model, mac }: PnpRule, phone: Pick<Phone, 'mac' | 'identity'>): boolean {
  const { identity } = phone;
  if (vendor !== undefined && vendor !== identity.vendor) return false;
  if (model !== undefined && (identity.model === undefined || !model.test(identity.model))) return false;
  return mac === undefined || phone.mac.startsWith(mac);
}
