import { CustomErrorBase } from '@backstage/errors';

/**
 * The catalog could not be asked about entities. Nothing is known of them then, not even that they are unknown: whoever
 * wanted to know asks again.
 */
export class CatalogAwayError extends CustomErrorBase {
  name = 'CatalogAwayError' as const;

  /** @param cause - why the request failed */
  constructor(cause: unknown) {
    super(
      'The catalog does not answer, so events that endpoints choose by their entity wait until it does; see that the plugin catalog runs and lets the plugin events read its entities',
      cause,
    );
  }
}
