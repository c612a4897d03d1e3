/** The subscription wants something else by now, so what its reader would choose may be wrong. */
export class WishChangedError extends Error {
  override readonly name = 'WishChangedError';

  constructor(id: string) {
    super(`Subscription '${id}' wants something else by now`);
  }
}
