// Which template makes a file: the most special one there is, from that of one phone to that of everybody.
import type { Mac } from '../base/mac.ts';
import { modelOf, type Vendor } from '../phones/vendor.ts';
import type { Asker } from './desk.ts';
import type { ParsedTemplate } from './render.ts';

/** Parsed templates by their place: `phones/<mac>/<name>`, `<vendor>/<model>/<name>`, `<vendor>/<name>`, `common/<name>`. */
export type Templates = ReadonlyMap<string, ParsedTemplate>;

/** The folder of a template for everybody, and that of templates for single phones. */
export const EVERYBODY = 'common';
export const SINGLE = 'phones';

export function templateKey(vendor: string, template: string): string {
  return `${vendor}/${template}`;
}

export function modelKey(vendor: string, model: string, template: string): string {
  return `${vendor}/${spelled(model)}/${template}`;
}

export function phoneKey(mac: Mac, template: string): string {
  return `${SINGLE}/${mac}/${template}`;
}

/** The template for the file of that phone. */
export function templateFor(
  templates: Templates,
  vendor: Vendor,
  phone: Pick<Asker, 'mac' | 'identity'>,
  template: string,
): ParsedTemplate | undefined {
  const model = modelOf(vendor, phone.identity.model)?.name ?? phone.identity.model;
  return (
    templates.get(phoneKey(phone.mac, template)) ??
    (model === undefined ? undefined : templates.get(modelKey(vendor.id, model, template))) ??
    templates.get(templateKey(vendor.id, template)) ??
    templates.get(templateKey(EVERYBODY, template))
  );
}

/** Folders are found whatever case, blanks, dashes or underscores a model is written with. */
function spelled(model: string): string {
  return model.toLowerCase().replaceAll(/[\s_-]/g, '');
}
