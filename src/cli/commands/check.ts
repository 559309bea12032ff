import { openPress } from '../../control/render-offline.ts';
import { loadSite } from '../../site/load.ts';
import type { Command } from '../command.ts';
import { tellMistakes } from '../mistakes.ts';
import { factsHere, SITE_FLAGS, siteRequest } from './serve.ts';

/**
 * `unboxd check`: every mistake in settings, vendor files, phone list and templates, and in the files that come of them
 * for every phone of the list, without starting anything.
 */
export const check: Command = {
  name: 'check',
  summary: 'list every mistake of settings, vendor files, phone list, templates and the files made of them',
  flags: SITE_FLAGS,
  examples: ['unboxd check --config unboxd.yaml'],
  run: async ({ flags, terminal }) => {
    const loaded = await loadSite({ ...siteRequest(flags), facts: factsHere() });
    if (!loaded.ok) return tellMistakes(terminal, loaded.error);
    const press = await openPress(loaded.value);
    const mistakes = await press.mistakes();
    if (mistakes.length > 0) return tellMistakes(terminal, mistakes);
    const { phones, catalogue, templates } = loaded.value;
    terminal.out(
      `no mistakes: ${catalogue.vendors.length} vendors, ${templates.size} templates, ${phones.length} phones`,
    );
    return 0;
  },
};
