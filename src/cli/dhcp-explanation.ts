// A DHCP explanation as a person reads it.
import { printable } from '../base/bytes.ts';
import type { DhcpExplanation, ExplainedOption } from '../control/api.ts';
import type { Terminal } from './command.ts';
import { table } from './table.ts';

export function showDhcpExplanation(terminal: Terminal, found: DhcpExplanation): void {
  const { mac, type, vendor = 'of unknown make', model = '', class: group } = found;
  terminal.out(`${type.toUpperCase()} of ${mac}, ${vendor} ${printable(model, 40)}`.trimEnd());
  for (const { vendor: name, score, reasons } of found.scores) {
    terminal.out(`  ${name} ${score}: ${reasons.map((reason) => printable(reason)).join(', ')}`);
  }
  if (found.scores.length === 0) terminal.out('  no clue names a make');
  terminal.out(group === undefined ? '  class: none' : `  class: ${group.name}, by ${group.because}`);
  terminal.out(`  ${found.outcome}`);
  section(terminal, 'Sent, in wire order:', found.options);
  section(terminal, 'There for it, but not asked for and so not sent:', found.notAsked);
  if (found.notThere.length > 0) {
    terminal.out('');
    terminal.out(`Asked for, and nobody sets it: ${found.notThere.join(', ')}`);
  }
}

function section(terminal: Terminal, title: string, options: readonly ExplainedOption[]): void {
  if (options.length === 0) return;
  terminal.out('');
  terminal.out(title);
  const rows = options.map(({ code, name, text, hex, from }) => [String(code), name, text, hex, from]);
  for (const line of table(rows, terminal.columns)) terminal.out(`  ${line}`);
}
