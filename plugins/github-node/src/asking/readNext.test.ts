import { readNext } from './readNext';

const enterprise = 'https://github.example.com/api/v3';

describe('the next page', () => {
  it('is told below the base of the API', () => {
    expect(
      readNext(
        '<https://api.github.com/app/installations?page=1>; rel="prev", <https://api.github.com/app/installations?per_page=100&page=3>; rel="next"',
        'https://api.github.com',
      ),
    ).toBe('/app/installations?per_page=100&page=3');
    expect(
      readNext(
        '<https://github.example.com/api/v3/app/hook/deliveries?cursor=v1_1>; rel="next"',
        enterprise,
      ),
    ).toBe('/app/hook/deliveries?cursor=v1_1');
  });

  it('is on the configured host, whichever name GitHub has for itself', () => {
    expect(
      readNext(
        '<https://inside:8443/api/v3/user?page=2>; rel="next"',
        enterprise,
      ),
    ).toBe('/user?page=2');
  });

  it('does not exist without a link to it', () => {
    expect(readNext(undefined, enterprise)).toBeUndefined();
    expect(
      readNext('<https://api.github.com/user?page=1>; rel="first"', enterprise),
    ).toBeUndefined();
  });
});
