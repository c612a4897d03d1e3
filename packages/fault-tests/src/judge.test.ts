import { joinHandlings, judge, type Handling } from './judge';
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

function handled(
  sequence: number,
  beginMs: number,
  endMs: number,
  replica = 'a',
): Handling {
  return {
    replica,
    id: `event-${sequence}`,
    key: 'key',
    sequence,
    attempt: 1,
    outcome: 'end',
    beginMs,
    endMs,
  };
}

describe('judge', () => {
  it('finds nothing where each event was handled once, in order', () => {
    expect(
      judge(acknowledged, [handled(1, 3, 4, 'b'), handled(0, 1, 2)]),
    ).toEqual({ lost: [], repeated: [], disordered: [], overlapping: [] });
  });

  it('finds an event that nobody handled, or only in part', () => {
    expect(judge(acknowledged, [handled(0, 1, 2)]).lost).toEqual(['event-1']);
    const broken: Handling = {
      ...handled(1, 3, 4),
      outcome: undefined,
      endMs: undefined,
    };
    expect(judge(acknowledged, [handled(0, 1, 2), broken]).lost).toEqual([
      'event-1',
    ]);
  });

  it('finds an event that was handled twice', () => {
    expect(
      judge(acknowledged, [
        handled(0, 1, 2),
        handled(0, 3, 4, 'b'),
        handled(1, 5, 6),
      ]).repeated,
    ).toEqual(['event-0']);
  });

  it('finds an event that was handled after a later one of its key', () => {
    expect(
      judge(acknowledged, [handled(1, 1, 2), handled(0, 3, 4)]).disordered,
    ).toEqual(['event-1', 'event-0']);
  });

  it('finds events of one key that were handled at one time', () => {
    expect(
      judge(acknowledged, [handled(0, 1, 3), handled(1, 2, 4, 'b')])
        .overlapping,
    ).toEqual(['event-1']);
  });
});

describe('joinHandlings', () => {
  it('keeps an attempt without an end', () => {
    const record = {
      subscription: 's',
      id: 'event',
      key: 'key',
      sequence: 0,
    } as const;
    expect(
      joinHandlings('a', [
        { ...record, kind: 'begin', attempt: 1, atMs: 1 },
        { ...record, kind: 'failed', attempt: 1, atMs: 2 },
        { ...record, kind: 'begin', attempt: 2, atMs: 3 },
      ]),
    ).toMatchObject([
      { attempt: 1, outcome: 'failed', beginMs: 1, endMs: 2 },
      { attempt: 2, outcome: undefined, beginMs: 3, endMs: undefined },
    ]);
  });
});
