// How a maker's phones want their files sealed: a part of the vendor file. Containers are called as src/seal calls them.
import { shape } from '../base/shape.ts';

const digest = shape.enum(['md5', 'sha256']);

export const sealShape = shape
  .strictObject({
    /** The container that these phones open. */
    as: shape.enum(['openssl', 'rfc8188', 'aes-ecb']),
    /**
     * For openssl. One for all, or by firmware: `[{ until: '11.2', digest: md5 }, { digest: sha256 }]`. The first that
     * reaches as far as the firmware counts; where that is not known, the first of all.
     */
    digest: shape
      .union([
        digest,
        shape.array(shape.strictObject({ until: shape.string().min(1).optional(), digest })).min(1),
      ])
      .default('md5'),
    /** Compressed before it is sealed. */
    gzip: shape.boolean().default(false),
    /** Also files that the installer laid into the files folder, as far as they are text. */
    statics: shape.boolean().default(false),
    roles: shape.array(shape.enum(['own', 'common'])).default(['own']),
    /** What doors without a Content-Encoding give where sealing needs one (rfc8188). */
    otherDoors: shape.enum(['refuse', 'plain']).default('refuse'),
  })
  // It is filled up with spaces, which only text does not mind.
  .refine(({ as, gzip }) => as !== 'aes-ecb' || !gzip, 'this container holds text only: leave gzip out');
