const ingressPath = '/api/events/http/github';

/** Where the ingress of this portal is, by what the configuration says. */
export interface IngressPlace {
  /** The URL itself, if somebody has said it. */
  known: string | undefined;
  /** Of the backend, whose host and port the URL has otherwise; any host will do if it is undefined. */
  baseUrl: string | undefined;
}

/**
 * Whether webhooks that are sent to a URL come to the ingress of this portal. Another portal may be configured with the
 * same app, such as one on the machine of a developer.
 *
 * @param url - where they are sent
 */
export function isIngressUrl(
  url: string,
  { known, baseUrl }: IngressPlace,
): boolean {
  if (known !== undefined) {
    return url === known;
  }
  if (!URL.canParse(url)) {
    return false;
  }
  const parsed = new URL(url);
  return (
    parsed.pathname.replace(/\/$/, '').endsWith(ingressPath) &&
    (baseUrl === undefined || findPlace(parsed) === findPlace(new URL(baseUrl)))
  );
}

/** Not the protocol: a proxy may end TLS. The names of this machine are one. */
function findPlace({ hostname, port }: URL): string {
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return `${isLoopback ? 'localhost' : hostname}:${port}`;
}
