const ingressPath = '/api/events/http/github';

/**
 * Whether webhooks that are sent to a URL come to the ingress of a portal.
 *
 * @param url - where they are sent
 * @param known - where the ingress is, if its path is another one outside
 */
export function isIngressUrl(url: string, known: string | undefined): boolean {
  if (known !== undefined) {
    return url === known;
  }
  return (
    URL.canParse(url) &&
    new URL(url).pathname.replace(/\/$/, '').endsWith(ingressPath)
  );
}
