import { parseUrl } from './parseUrl';

describe('parseUrl', () => {
  it('reads a host that is not ASCII, however often it is asked', () => {
    const refused = Array.from({ length: 20_000 }).filter(
      () => parseUrl('https://m\u00fcnchen.example/') === undefined,
    );
    expect(refused).toEqual([]);
  });

  it('gives nothing for what is none', () => {
    expect(parseUrl('receiver.example')).toBeUndefined();
  });
});
