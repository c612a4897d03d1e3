import { describeUrl } from './describeUrl';

describe('a URL in a log', () => {
  it.each([
    ['https://smee.io/abc', 'https://smee.io/abc'],
    ['http://127.0.0.1:7007/api/', 'http://127.0.0.1:7007/api/'],
    ['https://me:hunter2@example.com/hook', 'https://example.com/hook'],
    ['https://example.com/hook?token=hunter2#1', 'https://example.com/hook'],
    ['me:hunter2@example.com', 'what is no URL'],
    ['hunter2', 'what is no URL'],
    ['', 'what is no URL'],
  ])('%s is %s', (url, expected) => {
    expect(describeUrl(url)).toBe(expected);
  });
});
