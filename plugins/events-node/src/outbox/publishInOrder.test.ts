import fc from 'fast-check';
import { ServiceUnavailableError } from '@backstage/errors';
import { newEventId } from '../eventId';
import { createEventParams } from '../metadata';
import { RecordingEvents } from './__testUtils__/RecordingEvents';
import type { ReadableRow } from './outboxRow';
import { chooseRetryDelayMs } from './OutboxRelay';
import { publishInOrder } from './publishInOrder';

const makeRows = (isRefused: readonly boolean[]): ReadableRow[] =>
  isRefused.map((refused, place) => {
    const id = newEventId();
    return {
      place,
      size: 1,
      id,
      params: createEventParams({
        topic: refused ? 'refused' : 'good',
        eventPayload: place,
        id,
      }),
    };
  });

describe('publishing rows in order', () => {
  it('publishes all that can be published, in order, and names the others, wherever they stand', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 50 }),
        async isRefused => {
          const events = new RecordingEvents();
          events.refuses = ({ topic }) => topic === 'refused';
          const rows = makeRows(isRefused);
          const refused = await publishInOrder(events, rows);
          expect(events.log.map(({ eventPayload }) => eventPayload)).toEqual(
            rows.filter((_, index) => !isRefused[index]).map(r => r.place),
          );
          expect(refused.map(({ place }) => place)).toEqual(
            rows.filter((_, index) => isRefused[index]).map(r => r.place),
          );
        },
      ),
    );
  });

  it('has published everything before an event, wherever it is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
        fc.nat({ max: 20 }),
        fc.boolean(),
        async (isRefused, callsUntilAway, isStoredAllTheSame) => {
          const events = new RecordingEvents();
          events.refuses = ({ topic }) => topic === 'refused';
          const goAway = () => {
            if (events.calls.length > callsUntilAway) {
              throw new ServiceUnavailableError('away');
            }
          };
          if (isStoredAllTheSame) {
            events.after = goAway;
          } else {
            events.before = goAway;
          }
          const rows = makeRows(isRefused);
          await publishInOrder(events, rows).catch(() => {});
          const good = rows
            .filter((_, index) => !isRefused[index])
            .map(({ place }) => place);
          const published = events.log.map(({ eventPayload }) => eventPayload);
          expect(published).toEqual(good.slice(0, published.length));
          // And the next turn makes it whole.
          events.before = () => {};
          events.after = () => {};
          await publishInOrder(events, rows);
          expect(events.log.map(({ eventPayload }) => eventPayload)).toEqual(
            good,
          );
        },
      ),
    );
  });
});

describe('the pause after a failed turn', () => {
  it('grows, is spread, and is never longer than 15 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, random) => {
          const delayMs = chooseRetryDelayMs(failures, random);
          expect(delayMs).toBeGreaterThanOrEqual(125);
          expect(delayMs).toBeLessThanOrEqual(15_000);
          expect(
            chooseRetryDelayMs(failures + 1, random),
          ).toBeGreaterThanOrEqual(delayMs);
        },
      ),
    );
  });
});
