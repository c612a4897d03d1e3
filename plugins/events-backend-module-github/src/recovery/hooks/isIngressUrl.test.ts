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
    expect(isIngressUrl(url, undefined)).toBe(expected);
  });

  it('at the URL that is configured, and at no other', () => {
    const known = 'https://hooks.example.com/github';

    expect(isIngressUrl(known, known)).toBe(true);
    expect(
      isIngressUrl('https://example.com/api/events/http/github', known),
    ).toBe(false);
  });
});
