// Accept-Encoding (RFC 9110 section 12.5.3).

/** Whether gzip is named with a weight above 0, or by `*`. Who says nothing gets the file as it is. */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false;
  const weights = new Map(
    header.split(',').map((one) => {
      const [coding = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((part) => /^q\s*=/.test(part))?.replace(/^q\s*=\s*/, '');
      return [coding, weight === undefined ? 1 : Number(weight)] as const;
    }),
  );
  // Section 8.4.1.3: x-gzip is the same.
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0;
}
