import type { HookDelivery } from './hooks';
import { judgePage, type PageKnowledge } from './judgePage';

function makeDelivery(
  id: number,
  changes: Partial<HookDelivery> = {},
): HookDelivery {
  return {
    id,
    guid: `guid-${id}`,
    deliveredMs: id * 1_000,
    isRedelivery: false,
    isSuccessful: false,
    event: 'push',
    ...changes,
  };
}

function judge(
  page: readonly HookDelivery[],
  changes: Partial<PageKnowledge> = {},
) {
  const { read, due, arrived } = judgePage(page, {
    received: new Set(),
    judgedSinceMs: 0,
    fromMs: -Infinity,
    upToMs: Infinity,
    ...changes,
  });
  return {
    read,
    due: due.map(({ deliveryId, reason }) => `${deliveryId} ${reason}`),
    arrived: arrived.map(({ deliveryId }) => deliveryId),
  };
}

describe('a delivery', () => {
  it('that failed is due, unless the log has it', () => {
    const page = [makeDelivery(3), makeDelivery(2), makeDelivery(1)];

    expect(judge(page, { received: new Set(['guid-2']) })).toEqual({
      read: 3,
      due: ['3 failed', '1 failed'],
      arrived: [],
    });
  });

  it('that arrived is due if the log lacks it, and would have it', () => {
    const page = [4, 3, 2, 1].map(id =>
      makeDelivery(id, { isSuccessful: true }),
    );

    expect(
      judge(page, { received: new Set(['guid-4']), judgedSinceMs: 2_000 }),
    ).toEqual({ read: 4, due: ['3 missing', '2 missing'], arrived: [1] });
  });

  it('is due once, by its latest attempt', () => {
    const page = [3, 2, 1].map(id =>
      makeDelivery(id, { guid: 'same', isRedelivery: id > 1 }),
    );

    expect(judge(page).due).toEqual(['3 failed']);
  });

  it('is not due when one of its attempts went to whoever was there before', () => {
    const attempts = [
      makeDelivery(3, { guid: 'same', isRedelivery: true }),
      makeDelivery(2, { guid: 'same', isRedelivery: true, isSuccessful: true }),
      makeDelivery(1, { guid: 'same' }),
    ];

    expect(judge(attempts, { judgedSinceMs: 9_000 })).toEqual({
      read: 3,
      due: [],
      arrived: [2],
    });
  });

  it('is not looked at before its time, nor twice', () => {
    const page = [4, 3, 2, 1].map(id => makeDelivery(id));

    expect(judge(page, { fromMs: 2_000, upToMs: 3_000 })).toEqual({
      read: 2,
      due: ['3 failed', '2 failed'],
      arrived: [],
    });
    expect(judge(page, { upToMs: -Infinity }).read).toBe(0);
  });

  it('that is a ping is nothing that anybody misses', () => {
    expect(judge([makeDelivery(1, { event: 'ping' })])).toEqual({
      read: 1,
      due: [],
      arrived: [],
    });
  });
});
