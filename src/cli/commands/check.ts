import { findInterface, listInterfaces } from '../../net/interfaces.ts';
import { loadSite } from '../../site/load.ts';
import type { Command } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { SITE_FLAGS, siteRequest } from './serve.ts';

/** `unboxd check`: every mistake in settings, vendor files, phone list and templates, without starting anything. */
export const check: Command = {
  name: 'check',
  summary: 'list every mistake of settings, vendor files, phone list and templates',
  flags: SITE_FLAGS,
  examples: ['unboxd check --config unboxd.yaml'],
  run: async ({ flags, terminal }) => {
    // Settings may be checked on another machine than the one they are for: an interface that is not here is left out.
    const here = new Set(listInterfaces().map(({ name }) => name));
    const facts = (name: string) => (here.has(name) ? findInterface(name) : undefined);
    const loaded = await loadSite({ ...siteRequest(flags), facts });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const { phones, catalogue, templates } = loaded.value;
    terminal.out(
      `no mistakes: ${catalogue.vendors.length} vendors, ${templates.size} templates, ${phones.length} phones`,
    );
    return 0;
  },
};
