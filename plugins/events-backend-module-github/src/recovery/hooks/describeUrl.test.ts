import { describeUrl } from './describeUrl';

describe('a URL in a log', () => {
  it.each([
    ['https://smee.io/hunter2', 'https://smee.io/…'],
    [
      'http://127.0.0.1:7007/api/events/http/github',
      'http://127.0.0.1:7007/api/events/http/github',
    ],
    [
      'https://me:hunter2@example.com/portal/api/events/http/github?token=hunter2#1',
      'https://example.com/portal/api/events/http/github',
    ],
    [
      'https://hooks.example.com/services/T0/hunter2',
      'https://hooks.example.com/…',
    ],
    ['me:hunter2@example.com', 'what is no URL'],
    ['hunter2', 'what is no URL'],
    ['', 'what is no URL'],
  ])('%s is %s', (url, expected) => {
    expect(describeUrl(url)).toBe(expected);
  });
});
