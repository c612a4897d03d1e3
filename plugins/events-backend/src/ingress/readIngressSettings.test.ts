import { ConfigReader } from '@backstage/config';
import { readIngressSettings } from './readIngressSettings';

const read = (http: object) =>
  readIngressSettings(new ConfigReader({ events: { http } }));

const readEntry = (entry: object) => read({ ingresses: [entry] });

describe('reading events.http', () => {
  it('opens no ingress, and takes what GitHub sends in time, by default', () => {
    expect(readIngressSettings(new ConfigReader({}))).toEqual({
      topics: [],
      sources: [],
      maxBodyBytes: 25 * 1024 * 1024,
      maxHeldBytes: 256 * 1024 * 1024,
      timeLimitMs: 4_000,
    });
  });

  it('lets one body always fit', () => {
    const large = 300 * 1024 * 1024;
    expect(read({ maxBodyBytes: large }).maxHeldBytes).toBe(large);
    expect(read({ maxBodyBytes: 5, maxHeldBytes: 5 }).maxHeldBytes).toBe(5);
  });

  it('takes a secret as text or list, and reads headers whatever their case', async () => {
    const { sources } = read({
      ingresses: [
        { topic: 'one', token: { secret: 'a', header: 'X-Token' } },
        { topic: 'two', token: { secret: ['a', 'b'], header: 'X-Token' } },
      ],
    });
    const verdicts = await Promise.all(
      sources.flatMap(source =>
        ['a', 'b'].map(token =>
          source.verify({
            headers: { 'x-token': token },
            body: Buffer.from('{}'),
          }),
        ),
      ),
    );
    expect(verdicts.map(({ accepted }) => accepted)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it.each([
    [{ maxBodyBytes: 0 }, 'events.http.maxBodyBytes'],
    [{ maxBodyBytes: 1.5 }, 'events.http.maxBodyBytes'],
    [{ maxBodyBytes: 'big' }, 'events.http.maxBodyBytes'],
    [{ maxBodyBytes: 5, maxHeldBytes: 4 }, 'events.http.maxHeldBytes'],
    [{ maxHeldBytes: 3e8 + 0.5 }, 'events.http.maxHeldBytes'],
    [{ timeLimit: { seconds: 0 } }, 'events.http.timeLimit'],
    [{ timeLimit: 'soon' }, 'events.http.timeLimit'],
    [{ timeLimit: { fortnights: 1 } }, 'events.http.timeLimit'],
    [{ topics: 'github' }, 'events.http.topics'],
    [{ ingresses: 'github' }, 'events.http.ingresses:'],
    [{ ingresses: [{}] }, 'events.http.ingresses[0].topic:'],
  ])('names the setting that is wrong: %j', (http, name) => {
    expect(() => read(http)).toThrow(name);
  });

  it.each([
    [{ topic: 'a' }],
    [
      {
        topic: 'a',
        token: { secret: 'hush', header: 'x' },
        hmac: { secret: 'hush', header: 'x' },
      },
    ],
  ])('demands exactly one proof of origin: %j', entry => {
    expect(() => readEntry(entry)).toThrow(
      'events.http.ingresses[0]: needs exactly one of hmac, token and basicAuth',
    );
  });

  const hush = 'hush-hush';
  it.each([
    [{ hmac: { secret: [hush, 7], header: 'x' } }, '.hmac.secret:'],
    [{ hmac: { secret: [], header: 'x' } }, '.hmac.secret:'],
    [{ hmac: { secret: '', header: 'x' } }, '.hmac.secret:'],
    [{ hmac: { secret: { file: hush }, header: 'x' } }, '.hmac.secret:'],
    [{ hmac: { secret: hush } }, '.hmac.header:'],
    [{ hmac: { secret: hush, header: '' } }, '.hmac.header:'],
    [{ hmac: { secret: hush, header: 'x', algorithm: hush } }, '.algorithm:'],
    [{ hmac: { secret: hush, header: 'x', encoding: hush } }, '.encoding:'],
    [{ token: { secret: hush, header: 'x', prefix: hush } }, '[0].token:'],
    [{ basicAuth: { username: 'ci', password: [hush, 7] } }, '.password:'],
    [{ basicAuth: { password: hush } }, '.basicAuth.username:'],
    [{ token: hush }, '[0].token:'],
  ])('never repeats a secret in the complaint: %j', (proof, place) => {
    let complaint = '';
    try {
      readEntry({ topic: 'a', ...proof });
    } catch (error) {
      complaint = String(error);
    }
    expect(complaint).toContain('events.http.ingresses[0]');
    expect(complaint).toContain(place);
    expect(complaint).not.toContain(hush);
  });
});
