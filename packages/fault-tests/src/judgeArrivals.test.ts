import type { Handling } from './judge';
import { judgeArrivals, listSentAgain } from './judgeArrivals';
import type { PublishingRecord } from './replicaProtocol';

const acknowledged: PublishingRecord[] = [0, 1].map(sequence => ({
  kind: 'acknowledged',
  topic: 'load',
  id: `event-${sequence}`,
  key: 'key',
  sequence,
  atMs: 0,
  tookMs: 0,
}));

function arrived(
  sequence: number,
  beginMs: number,
  endMs: number | undefined,
  outcome: Handling['outcome'] = endMs === undefined ? undefined : 'end',
): Handling {
  return {
    replica: 'endpoint',
    id: `event-${sequence}`,
    key: 'key',
    sequence,
    attempt: 1,
    outcome,
    beginMs,
    endMs,
  };
}

describe('judgeArrivals', () => {
  it('finds nothing where each event was sent until it was taken, in order', () => {
    expect(
      judgeArrivals(acknowledged, [
        arrived(0, 1, 2, 'failed'),
        arrived(0, 3, 4),
        arrived(1, 5, 6),
      ]),
    ).toEqual({
      lost: [],
      disordered: [],
      overlapping: [],
      early: [],
      sentAgain: [],
    });
  });

  it('finds an event that was refused and not sent again', () => {
    expect(
      judgeArrivals(acknowledged, [
        arrived(0, 1, 2),
        arrived(1, 3, 4, 'failed'),
      ]).lost,
    ).toEqual(['event-1']);
  });

  it('finds an event that was sent while an earlier one of its key was still to be sent again', () => {
    expect(
      judgeArrivals(acknowledged, [
        arrived(0, 1, 2, 'failed'),
        arrived(1, 3, 4),
        arrived(0, 5, 6),
      ]).early,
    ).toEqual(['event-1']);
  });

  it('finds an event that was sent before the earlier one of its key was answered', () => {
    const { early, overlapping } = judgeArrivals(acknowledged, [
      arrived(0, 1, 4),
      arrived(1, 3, 5),
    ]);
    expect({ early, overlapping }).toEqual({
      early: ['event-1'],
      overlapping: ['event-1'],
    });
  });

  it('counts what was sent again after it was taken, or after it was cut off, and what follows it again', () => {
    expect(
      judgeArrivals(acknowledged, [
        arrived(0, 1, 2),
        arrived(1, 3, undefined),
        arrived(0, 5, 6),
        arrived(1, 7, 8),
      ]),
    ).toMatchObject({
      lost: [],
      early: [],
      sentAgain: ['event-0', 'event-1'],
    });
  });
});

describe('listSentAgain', () => {
  it('leaves out what was sent again after a death, or after it was refused', () => {
    const arrivals = [
      arrived(0, 1, 2, 'failed'),
      arrived(0, 3, 4),
      arrived(1, 5, undefined),
      arrived(0, 7, 8),
      arrived(1, 9, 10),
    ];
    expect(listSentAgain(arrivals, [6])).toEqual([]);
  });

  it('finds what was sent twice in one life', () => {
    const arrivals = [arrived(0, 3, 4), arrived(0, 7, 8), arrived(0, 9, 10)];
    expect(listSentAgain(arrivals, [6])).toEqual(['event-0']);
  });
});
