// What an empty cell of the phone list comes to, in the built-in templates too: nothing is set, least of all an empty
// password.
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../src/base/ipv4.ts';
import { parseMac } from '../../src/base/mac.ts';
import { parseTemplate, render, variablesFor } from '../../src/files/render.ts';
import { decideUpload } from '../../src/files/upload.ts';
import { vendorOf } from '../../src/phones/vendor.ts';
import { catalogue, read } from '../phones/kit.ts';

const mac = parseMac('00562b043615') ?? expect.fail();
const COLUMNS = {
  sip_server: '10.0.0.5',
  sip_user: '101',
  sip_password: 'hush',
  label: 'Desk',
  extension: '101',
};
const EMPTY = { admin_password: '', user_password: '', sip_port: '', sip_auth: '', seal_key: '' };

function made(id: string, file: string, columns: Readonly<Record<string, string>>): string {
  const vendor = vendorOf(catalogue, id) ?? expect.fail(id);
  const template = parseTemplate(file, read(`config/templates/${id}/${file}`));
  const identity = { vendor: id, model: vendor.models[0]?.name, by: '', conflicts: [] };
  const lan = { address: parseIpv4('10.99.0.1') ?? expect.fail() };
  if (!template.ok) return expect.fail(template.error.message);
  const phone = { mac, identity, listed: { mac, columns } };
  const text = render(template.value, variablesFor({ phone, vendor, lan, url: 'http://10.99.0.1/' }));
  return text.ok ? text.value : expect.fail(text.error.message);
}

test.each([
  { id: 'cisco', file: 'phone.xml' },
  { id: 'cisco', file: 'common.xml' },
  { id: 'yealink', file: 'phone.cfg' },
  { id: 'flyingvoice', file: 'phone.cfg' },
  { id: 'fanvil', file: 'phone.cfg' },
])('$id/$file: empty cells are as good as no columns', ({ id, file }) => {
  expect(made(id, file, { ...COLUMNS, ...EMPTY })).toBe(made(id, file, COLUMNS));
});

test('an empty value is not met by if, and equals the empty text all the same', () => {
  const template = parseTemplate(
    'x',
    '{% if a %}set{% endif %}{% if a == "" %}empty{% endif %}{{ a | default: "-" }}',
  );
  expect(template.ok && render(template.value, { a: '' })).toEqual({ ok: true, value: 'empty-' });
});

test('a report of a Cisco phone is taken under the name that its file tells it, from nobody else', () => {
  const text = made('cisco', 'phone.xml', { ...COLUMNS, seal_key: 'k' });
  expect(text).toContain('<Report_Rule>[--key "k"] http://10.99.0.1/$MA-report.xml</Report_Rule>');
  const phone = { mac, identity: { vendor: 'cisco', model: undefined, by: '', conflicts: [] } };
  const limits = { largest: 1000, largestLog: 1000, versions: 1, quota: 1000 };
  const asked = (name: string) => decideUpload({ name, phone, catalogue, limits });
  expect(asked('/00562b043615-report.xml')).toMatchObject({ kind: 'take', name: '00562b043615-report.xml' });
  expect(asked('/00562b043616-report.xml')).toMatchObject({ because: 'file-of-another-phone' });
});
