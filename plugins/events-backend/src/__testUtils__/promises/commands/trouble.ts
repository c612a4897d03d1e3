import { mockServices } from '@backstage/backend-test-utils';
import fc from 'fast-check';
import { trimLog } from '../../../maintenance';
import { anyMishap, anyNumber, commandOf, pick } from './Command';
import { lapse, lapseAll, rescueLapsed } from './operations';

const yearMs = 365 * 24 * 3_600_000;

/** Lets the lease of a batch lapse while its reader still has it: a paused reader. */
export const lapseOne = commandOf(
  'lapse one',
  fc.record({ which: anyNumber }),
  async (world, { which }) => {
    const held = world.readers.flatMap(reader =>
      reader.held.filter(({ settled }) => !settled),
    );
    const chosen = pick(held, which);
    if (chosen) {
      await lapse(world, 0, [chosen.batch.ticket]);
    }
  },
);

/** Owes what lapsed to whoever claims next. */
export const rescue = commandOf(
  'rescue',
  fc.record({ replica: anyNumber, mishap: anyMishap }),
  (world, { replica, mishap }) =>
    rescueLapsed(world, replica % world.replicas.length, mishap),
);

/** A reader vanishes: it forgets its tickets. Its leases lapse sooner or later. */
export const crash = commandOf(
  'crash',
  fc.record({ reader: anyNumber }),
  async (world, { reader }) => {
    world.readers[reader % world.readers.length].held = [];
  },
);

/** A replica starts anew. */
export const restart = commandOf(
  'restart',
  fc.record({ replica: anyNumber }),
  async (world, { replica }) => {
    const index = replica % world.replicas.length;
    const { store, subscriptions } = world.restart(index);
    if (!store.dialect.shared) {
      const { start, end } = await world.perform('lapse all', undefined, () =>
        subscriptions.lapseAll(),
      );
      world.history.lapses.push({ ticket: undefined, start, end });
    }
  },
);

/** Long after: every lease of a reader that vanished has lapsed. */
export const lapseEverything = commandOf(
  'lapse everything',
  fc.record({ replica: anyNumber }),
  (world, { replica }) => lapseAll(world, replica % world.replicas.length),
);

/** Removes what nobody needs from the log, without any respite. */
export const trim = commandOf(
  'trim',
  fc.record({ replica: anyNumber, mishap: anyMishap }),
  async (world, { replica, mishap }) => {
    if (world.publishingAgain > 0) {
      return;
    }
    world.trimmed = true;
    const pools = world.replicas[replica % world.replicas.length];
    const chore = trimLog({
      ...pools,
      retention: {
        // So that an event of this instant is old enough.
        retentionMs: -yearMs,
        maxAgeMs: yearMs,
        maxEvents: 1_000_000,
      },
      observer: {
        onTrimmed() {},
        onTrimmedUnread() {},
        onPassedOver() {},
      },
      logger: mockServices.logger.mock(),
    });
    const operation = await world.perform('trim', mishap, async () => {
      await chore.run();
      return true as const;
    });
    world.history.trims.push(operation);
  },
);
