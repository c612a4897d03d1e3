import { shareLookups, type LookupBounds } from './shareLookups';

interface Asked {
  host: string;
  answer(addresses: readonly string[]): void;
  fail(error: Error): void;
}

/** A resolver that answers when it is told to, on a clock that goes when it is told to. */
function makeResolver(bounds?: Partial<LookupBounds>) {
  const asked: Asked[] = [];
  const time = { nowMs: 0 };
  const resolve = shareLookups(
    host =>
      new Promise((answer, fail) => {
        asked.push({ host, answer, fail });
      }),
    bounds,
    () => time.nowMs,
  );
  const hosts = () => asked.map(({ host }) => host);
  /** Looks a host up that fails. */
  const failOnce = async (host: string) => {
    const lookup = resolve(host);
    asked[asked.length - 1].fail(new Error(`${host} is lost`));
    await expect(lookup).rejects.toThrow(`${host} is lost`);
  };
  return { resolve, asked, hosts, failOnce, time };
}

/** Lets everything that is settled be told. */
const settle = () => new Promise(resolve => setImmediate(resolve));

describe('lookups of hosts', () => {
  it('are one for all who ask for the same host meanwhile', async () => {
    const { resolve, asked, hosts } = makeResolver();
    const both = [resolve('a'), resolve('a')];
    expect(hosts()).toEqual(['a']);
    asked[0].answer(['8.8.8.8']);
    expect(await Promise.all(both)).toEqual([['8.8.8.8'], ['8.8.8.8']]);
  });

  it('ask anew once there is an answer, which may be another', async () => {
    const { resolve, asked } = makeResolver();
    const first = resolve('a');
    asked[0].answer(['8.8.8.8']);
    expect(await first).toEqual(['8.8.8.8']);
    const second = resolve('a');
    asked[1].answer(['1.1.1.1']);
    expect(await second).toEqual(['1.1.1.1']);
  });

  it('are few at once, first come, first served', async () => {
    const { resolve, asked, hosts } = makeResolver();
    const lookups = Promise.allSettled(
      ['a', 'b', 'c', 'd'].map(host => resolve(host)),
    );
    expect(hosts()).toEqual(['a', 'b']);
    asked[1].answer(['8.8.8.8']);
    await settle();
    expect(hosts()).toEqual(['a', 'b', 'c']);
    asked[0].fail(new Error('lost'));
    await settle();
    expect(hosts()).toEqual(['a', 'b', 'c', 'd']);
    asked[2].answer(['1.1.1.1']);
    asked[3].answer(['1.0.0.1']);
    expect(await lookups).toMatchObject([
      { status: 'rejected' },
      { value: ['8.8.8.8'] },
      { value: ['1.1.1.1'] },
      { value: ['1.0.0.1'] },
    ]);
  });

  it('believe a failure for a moment', async () => {
    const { resolve, hosts, failOnce, time } = makeResolver();
    await failOnce('a');
    time.nowMs += 4_999;
    await expect(resolve('a')).rejects.toThrow('a is lost');
    expect(hosts()).toEqual(['a']);
    time.nowMs += 1;
    resolve('a');
    expect(hosts()).toEqual(['a', 'a']);
  });

  it('of hosts that failed leave room for others', async () => {
    const { resolve, hosts, failOnce, time } = makeResolver();
    await failOnce('bad');
    await failOnce('worse');
    time.nowMs += 5_000;
    ['bad', 'worse', 'good'].forEach(host => resolve(host));
    expect(hosts().slice(2)).toEqual(['bad', 'good']);
  });

  it('of hosts that were slow leave room for others, until they are prompt', async () => {
    const { resolve, asked, hosts, time } = makeResolver();
    const slow = [resolve('slow'), resolve('slower')];
    time.nowMs += 1_000;
    asked.forEach(({ answer }) => answer(['8.8.8.8']));
    await Promise.all(slow);
    const again = ['slow', 'slower', 'good'].map(host => resolve(host));
    expect(hosts().slice(2)).toEqual(['slow', 'good']);
    asked[2].answer(['8.8.8.8']);
    await again[0];
    await settle();
    expect(hosts().slice(4)).toEqual(['slower']);
    asked[3].answer(['8.8.8.8']);
    await again[2];
    resolve('slow');
    expect(hosts().slice(5)).toEqual(['slow']);
  });

  it('remember a bounded number of hosts', async () => {
    const { resolve, hosts, failOnce } = makeResolver({ maxHosts: 2 });
    await failOnce('a');
    await failOnce('b');
    await failOnce('c');
    await expect(resolve('c')).rejects.toThrow('c is lost');
    await expect(resolve('b')).rejects.toThrow('b is lost');
    resolve('a');
    expect(hosts()).toEqual(['a', 'b', 'c', 'a']);
  });
});
