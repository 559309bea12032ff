// Settings that a reload changes, for parts that are made once.

/** Both in one, by the settings' own properties: a spread would take them as they are today. */
export function withSettings<Settings extends object, Parts extends object>(
  settings: Settings,
  parts: Parts,
): Settings & Parts {
  return Object.defineProperties(parts, Object.getOwnPropertyDescriptors(settings)) as Settings & Parts;
}
