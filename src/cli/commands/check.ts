import { openPress } from '../../control/render-offline.ts';
import { loadSite } from '../../site/load.ts';
import type { Command } from '../command.ts';
import { inOrder, tellMistakes } from '../mistakes.ts';
import { factsHere, SITE_FLAGS, siteRequest } from './serve.ts';

/**
 * `unboxd check`: every mistake in settings, vendor files, phone list and templates, and in the files that come of them
 * for every phone of the list, without starting anything.
 */
export const check: Command = {
  name: 'check',
  summary: 'list every mistake of settings, vendor files, phone list, templates and the files made of them',
  flags: [...SITE_FLAGS, { flags: '--json', what: 'for machines: one JSON array, empty where all is well' }],
  examples: [
    'unboxd check --config unboxd.yaml',
    'unboxd check --config unboxd.yaml --phones phones.csv',
    'unboxd check --config unboxd.yaml --json',
  ],
  notes: ['A mistake is shown as FILE:LINE:COLUMN, all of them at once. Exit code 1 if there is any.'],
  run: async ({ flags, terminal }) => {
    const loaded = await loadSite({ ...siteRequest(flags), facts: factsHere() });
    const mistakes = loaded.ok ? await (await openPress(loaded.value)).mistakes() : loaded.error;
    if (flags['json'] === true) {
      terminal.out(JSON.stringify(inOrder(mistakes), null, 2));
      return mistakes.length === 0 ? 0 : 1;
    }
    if (!loaded.ok || mistakes.length > 0) return tellMistakes(terminal, mistakes);
    const { phones, catalogue, templates } = loaded.value;
    terminal.out(
      `no mistakes: ${catalogue.vendors.length} vendors, ${templates.size} templates, ${phones.length} phones`,
    );
    return 0;
  },
};
