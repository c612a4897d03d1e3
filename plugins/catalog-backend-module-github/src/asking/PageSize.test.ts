import { GithubError } from '@callboard/backstage-plugin-github-node';
import { PageSize } from './PageSize';

const fail = async (error: Error) => {
  throw error;
};

describe('how many repositories a question is about', () => {
  it('is less after GitHub could not answer, down to one, and more again with each answer', async () => {
    const pageSize = new PageSize(100);
    const sizes: number[] = [];
    const ask = async (isAnswered: boolean) => {
      await pageSize
        .use(1_000, async size => {
          sizes.push(size);
          if (!isAnswered) {
            await fail(new GithubError('unavailable', 'It took too long'));
          }
        })
        .catch(() => {});
    };
    for (let times = 0; times < 8; times++) {
      await ask(false);
    }
    expect(sizes.splice(0)).toEqual([100, 50, 25, 12, 6, 3, 1, 1]);
    for (let times = 0; times < 8; times++) {
      await ask(true);
    }
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 64, 100]);
  });

  it('is no more because GitHub could tell of fewer', async () => {
    const pageSize = new PageSize(100);
    const failing = () => fail(new GithubError('unavailable', 'It took long'));
    await pageSize.use(1_000, failing).catch(() => {});
    for (let times = 0; times < 9; times++) {
      expect(await pageSize.use(49, async size => size)).toBe(49);
    }
    expect(pageSize.current).toBe(50);
    await pageSize.use(20, failing).catch(() => {});
    expect(pageSize.current).toBe(10);
  });

  it.each(['limited', 'refused', 'missing', 'malformed'] as const)(
    'stays when an answer is %s, which has another reason',
    async kind => {
      const pageSize = new PageSize(100);
      await expect(
        pageSize.use(100, () => fail(new GithubError(kind, 'No'))),
      ).rejects.toThrow('No');
      expect(pageSize.current).toBe(100);
    },
  );
});
