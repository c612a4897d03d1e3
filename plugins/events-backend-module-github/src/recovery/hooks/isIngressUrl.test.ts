import { isIngressUrl } from './isIngressUrl';

describe('webhooks come to a portal', () => {
  it.each([
    ['https://portal.example.com/api/events/http/github', true],
    ['https://portal.example.com/api/events/http/github/', true],
    ['https://example.com/portal/api/events/http/github?x=1', true],
    ['https://portal.example.com/api/events/http/github2', false],
    ['https://portal.example.com/api/events/http/gitlab', false],
    ['https://smee.io/abc', false],
    ['', false],
  ])('%s', (url, expected) => {
    expect(isIngressUrl(url, { known: undefined, baseUrl: undefined })).toBe(
      expected,
    );
  });

  it('at the URL that is configured, and at no other', () => {
    const known = 'https://hooks.example.com/github';
    const place = { known, baseUrl: 'https://example.com' };

    expect(isIngressUrl(known, place)).toBe(true);
    expect(
      isIngressUrl('https://example.com/api/events/http/github', place),
    ).toBe(false);
  });

  it.each([
    ['https://portal.example.com', 'https://portal.example.com', true],
    ['https://portal.example.com/base', 'https://portal.example.com', true],
    ['https://Portal.example.com:443', 'https://portal.example.com', true],
    ['http://portal.example.com', 'https://portal.example.com', true],
    ['http://localhost:7007', 'http://127.0.0.1:7007', true],
    ['http://[::1]:7007', 'http://localhost:7007', true],
    ['http://localhost:7007', 'http://localhost:7107', false],
    ['http://localhost:7007', 'https://portal.example.com', false],
    ['https://staging.example.com', 'https://portal.example.com', false],
    ['https://portal.example.com', 'https://portal.example.com:8443', false],
  ])('at %s when they are sent to %s: %s', (baseUrl, origin, expected) => {
    expect(
      isIngressUrl(`${origin}/api/events/http/github`, {
        known: undefined,
        baseUrl,
      }),
    ).toBe(expected);
  });
});
