/** Where webhooks go, for a log: the URL may be somebody else's, with a password or a token in it. */
export function describeUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.host
    ? `${parsed.protocol}//${parsed.host}${parsed.pathname}`
    : 'what is no URL';
}
