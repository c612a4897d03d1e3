/**
 * Finds the next page.
 *
 * @see https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers
 *
 * @param link - the header
 * @param baseUrl - of the API; which host a link names does not matter, since a proxy may have another name
 *
 * @returns path and query below the base; undefined at the last page
 */
export function readNext(
  link: string | undefined,
  baseUrl: string,
): string | undefined {
  const target = /<([^>]+)>\s*;[^,]*\brel="next"/.exec(link ?? '')?.[1];
  if (target === undefined || !URL.canParse(target, baseUrl)) {
    return undefined;
  }
  const { pathname, search } = new URL(target, baseUrl);
  const base = new URL(baseUrl).pathname.replace(/\/$/, '');
  const path = pathname.startsWith(`${base}/`)
    ? pathname.slice(base.length)
    : pathname;
  return `${path}${search}`;
}
