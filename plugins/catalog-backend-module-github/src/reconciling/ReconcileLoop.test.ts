import { mockServices } from '@backstage/backend-test-utils';
import { waitFor } from '../__testUtils__/FollowedPortal';
import { ReconcileLoop } from './ReconcileLoop';
import type { ReconcileTurn } from './Reconciler';

const loops: ReconcileLoop[] = [];

afterEach(async () => {
  await Promise.all(loops.splice(0).map(loop => loop.stop()));
});

const done: ReconcileTurn = { kind: 'done', hasMore: false };

/** A loop, and the turns that it took: of what is proven, or of all that is due. */
function start(take: (turn: 'proven' | 'due') => Promise<ReconcileTurn>) {
  const turns: string[] = [];
  const note = (turn: 'proven' | 'due') => async () => {
    turns.push(turn);
    return take(turn);
  };
  const logger = mockServices.logger.mock();
  const loop = new ReconcileLoop({
    provider: 'github-provider:default',
    logger,
    reconciler: { reconcileDue: note('due'), reconcileProven: note('proven') },
  });
  loops.push(loop);
  loop.start();
  return { loop, turns, logger };
}

/** Everything has been done that waits for no time to pass. */
const untilIdle = () => new Promise(setImmediate);

describe('hints', () => {
  it('are followed when they come: those that need no question before those that gather', async () => {
    const { loop, turns } = start(async () => done);
    await waitFor(() => turns.length === 1);
    loop.wake();
    await waitFor(() => turns.length >= 3);
    expect(turns.slice(0, 3)).toEqual(['due', 'proven', 'due']);
  });

  it('that nobody has told of are looked for all the same', async () => {
    const { turns } = start(async () => done);
    await waitFor(() => turns.length >= 2);
    expect(turns.slice(0, 2)).toEqual(['due', 'due']);
  });

  it('are followed without a pause as long as there are more', async () => {
    let left = 5;
    const { turns } = start(async () => {
      left -= 1;
      return { kind: 'done', hasMore: left > 0 };
    });
    await untilIdle();
    expect(turns).toEqual(Array(5).fill('due'));
  });

  it('are followed after a failure, which is told', async () => {
    let failures = 0;
    const { loop, turns, logger } = start(async turn => {
      if (turn === 'proven' && failures === 0) {
        failures += 1;
        throw new Error('the database is away');
      }
      return done;
    });
    await waitFor(() => turns.length === 1);
    loop.wake();
    await waitFor(() => turns.length >= 3);
    expect(turns.slice(0, 3)).toEqual(['due', 'proven', 'due']);
    expect(logger.warn).toHaveBeenCalledTimes(1);
  });

  it('are followed no more once it stops, which waits for the turn that runs', async () => {
    const events: string[] = [];
    let goOn = () => {};
    const { loop, turns } = start(async () => {
      await new Promise<void>(resolve => {
        goOn = resolve;
      });
      events.push('turn ended');
      return { kind: 'done', hasMore: true };
    });
    await untilIdle();
    const stopping = loop.stop().then(() => events.push('stopped'));
    await untilIdle();
    expect(events).toEqual([]);
    goOn();
    await stopping;
    await untilIdle();
    expect(events).toEqual(['turn ended', 'stopped']);
    expect(turns).toEqual(['due']);
  });
});
