const ingressPath = /\/api\/events\/http\/[^/]+$/;

/**
 * Where webhooks go, for a log. The URL may be somebody else's, with a secret anywhere in it, so only the path of an ingress is
 * told.
 */
export function describeUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.host) {
    return 'what is no URL';
  }
  const { protocol, host, pathname } = parsed;
  return `${protocol}//${host}${ingressPath.test(pathname) ? pathname : '/…'}`;
}
