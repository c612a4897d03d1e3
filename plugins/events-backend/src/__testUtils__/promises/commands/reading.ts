import fc from 'fast-check';
import type { Outcome } from '../../../model/batch';
import { delivered, failed, settlementsOf, untried } from '../../pools';
import {
  anyMishap,
  anyNumber,
  anySubscription,
  anyTopics,
  commandOf,
  pick,
} from './Command';
import { claimBatch, settleBatch } from './operations';

/** Makes a subscription stand, or adds topics to one. */
export const subscribe = commandOf(
  'subscribe',
  fc.record({
    replica: anyNumber,
    subscriptionId: anySubscription,
    topics: anyTopics,
    mishap: anyMishap,
  }),
  async (world, { replica, subscriptionId, topics, mishap }) => {
    const pools = world.replicas[replica % world.replicas.length];
    const operation = await world.perform('register', mishap, async () => {
      await pools.subscriptions.register(subscriptionId, topics);
      return true as const;
    });
    world.history.registrations.push({ subscriptionId, topics, ...operation });
  },
);

/** Claims a batch for a reader. */
export const claim = commandOf(
  'claim',
  fc.record({
    reader: anyNumber,
    subscriptionId: anySubscription,
    maxEvents: fc.constantFrom(1, 2, 4, 100),
    maxBytes: fc.constantFrom(1, 20, 1_000_000, 1_000_000),
    /** Without patience every other batch counts as slow. */
    patienceMs: fc.constantFrom(0, 3_600_000),
    mishap: anyMishap,
  }),
  async (world, { reader, subscriptionId, mishap, ...options }) => {
    await claimBatch(world, {
      reader: world.readers[reader % world.readers.length],
      subscriptionId,
      options,
      mishap,
    });
  },
);

const outcomes: Record<string, Outcome> = { delivered, failed, untried };

/** Settles a batch that a reader has, however long ago it claimed it. */
export const settle = commandOf(
  'settle',
  fc.record({
    reader: anyNumber,
    which: anyNumber,
    /** Settles a batch that is settled already, as a reader does that got no answer. */
    again: fc.constantFrom(false, false, false, false, true),
    outcomes: fc.array(
      fc.constantFrom('delivered', 'delivered', 'failed', 'untried'),
      { minLength: 1, maxLength: 4 },
    ),
    mishap: anyMishap,
  }),
  async (world, { reader, which, again, outcomes: kinds, mishap }) => {
    const readers = world.readers.filter(({ held }) =>
      held.some(({ settled }) => settled === again),
    );
    const chosen = pick(readers, reader);
    const held = pick(
      (chosen?.held ?? []).filter(({ settled }) => settled === again),
      which,
    );
    if (chosen && held) {
      let index = 0;
      await settleBatch(world, {
        reader: chosen,
        held,
        settlements: settlementsOf(
          held.batch,
          () => outcomes[kinds[index++ % kinds.length]],
        ),
        mishap,
      });
    }
  },
);

/** Renews what a reader has in hand. */
export const renew = commandOf(
  'renew',
  fc.record({ reader: anyNumber, mishap: anyMishap }),
  async (world, { reader, mishap }) => {
    const { held, replica } = world.readers[reader % world.readers.length];
    const tickets = held.map(({ batch }) => batch.ticket);
    if (tickets.length > 0) {
      const operation = await world.perform('renew', mishap, () =>
        world.replicas[replica].subscriptions.renew(tickets, 3_600_000),
      );
      world.history.renewals.push({ tickets, ...operation });
    }
  },
);

/** Reads on in the log, as whoever keeps a copy of it does. */
export const follow = commandOf(
  'follow',
  fc.record({ replica: anyNumber, events: fc.constantFrom(1, 3, 100) }),
  async (world, { replica, events }) => {
    const { log } = world.replicas[replica % world.replicas.length];
    const from = world.followedTo;
    const { answer } = await world.perform('follow', undefined, () =>
      log.readAfter(from, {}, { events, bytes: 1_000_000 }),
    );
    // Another command may have read on meanwhile.
    if (answer && world.followedTo === from) {
      world.history.followed.push(...answer.events);
      world.followedTo = answer.upTo;
    }
  },
);
