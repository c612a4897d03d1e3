import type { LogEvent } from '@callboard/backstage-plugin-events-node';
import type { Store } from '../database';
import type { Outcome, OwedEvent, Settlement } from '../model/batch';
import type { OwedDeliveries } from './OwedDeliveries';
import {
  findLapsedBatches,
  readBatch,
  type OpenBatch,
} from './operations/readBatches';
import { settleBatch } from './operations/settleBatch';
import { settleDelivered } from './operations/settleDelivered';

/** The part of the log that settling reads. */
export interface SettledLog {
  readPositions(positions: readonly number[]): Promise<LogEvent[]>;
  readHeads(positions: readonly number[]): Promise<OwedEvent[]>;
  ends(): Promise<{ head: number; tail: number }>;
}

/** Ends claims: by what their readers say, or in the stead of readers that vanished. */
export class BatchSettler {
  readonly #store: Store;
  readonly #log: SettledLog;
  readonly #deliveries: OwedDeliveries;

  constructor(options: {
    store: Store;
    log: SettledLog;
    deliveries: OwedDeliveries;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#deliveries = options.deliveries;
  }

  /**
   * Settles a batch.
   *
   * @param settlements - one for each event of the batch
   * @returns false when the ticket had lapsed: nothing was recorded, and the events are owed to whoever claims next
   */
  async settle(
    ticket: string,
    subscriptionId: string,
    settlements: readonly Settlement[],
  ): Promise<boolean> {
    const { knex, dialect } = this.#store;
    const settlement = { ticket, subscriptionId, settlements };
    const isUneventful = settlements.every(
      ({ owed, outcome }) => !owed && outcome.kind === 'delivered',
    );
    const settled =
      isUneventful && dialect.hasFunctions
        ? await settleDelivered(knex, settlement)
        : 'contended';
    return settled === 'contended'
      ? settleBatch(this.#store, this.#deliveries, settlement)
      : settled;
  }

  /**
   * Settles a batch for a reader that keeps nothing but the ticket and the outcomes.
   *
   * @param outcomes - by position; an event without one was not tried
   * @returns false when the ticket had lapsed, or is of another subscription
   */
  async settleTicket(
    ticket: string,
    subscriptionId: string,
    outcomes: ReadonlyMap<number, Outcome>,
  ): Promise<boolean> {
    const batch = await readBatch(this.#store, ticket);
    if (batch?.subscriptionId !== subscriptionId) {
      return false;
    }
    const settlements = await this.#rebuild(
      batch,
      position => outcomes.get(position) ?? { kind: 'untried' },
    );
    return this.settle(ticket, subscriptionId, settlements);
  }

  /**
   * Owes the events of batches whose lease has lapsed to whoever claims next.
   *
   * @param limit - how many batches at the most
   * @returns how many batches were rescued, the topics of their events, and the first failure: one batch that cannot be
   * settled does not keep the others waiting
   */
  async rescueLapsed(
    limit: number,
  ): Promise<{ batches: number; topics: Set<string>; failure?: unknown }> {
    const lapsed = await findLapsedBatches(this.#store, limit);
    const topics = new Set<string>();
    let batches = 0;
    let failure: unknown;
    for (const batch of lapsed) {
      try {
        const events = await this.#rescue(batch);
        batches += events ? 1 : 0;
        events?.forEach(({ topic }) => topics.add(topic));
      } catch (error) {
        failure ??= error;
      }
    }
    return { batches, topics, failure };
  }

  /** Settles a lapsed batch in its reader's stead; undefined when the reader was faster after all. */
  async #rescue(batch: OpenBatch): Promise<OwedEvent[] | undefined> {
    const settlements = await this.#rebuild(batch, () => ({ kind: 'lapsed' }));
    const rescued = await settleBatch(this.#store, this.#deliveries, {
      ticket: batch.ticket,
      subscriptionId: batch.subscriptionId,
      lapsed: true,
      settlements,
    });
    return rescued ? settlements.map(({ event }) => event) : undefined;
  }

  /** What a batch is made of, from what is stored about it. */
  async #rebuild(
    { subscriptionId, positions }: OpenBatch,
    decide: (position: number) => Outcome,
  ): Promise<Settlement[]> {
    const attempts = await this.#deliveries.readAttempts(
      subscriptionId,
      positions,
    );
    const events = await this.#log.readHeads(positions);
    await this.#removeGone(subscriptionId, positions, events);
    return events.map(event => {
      const delivery = attempts.get(event.position);
      return {
        // What is owed stays in order by what its delivery says: its reader may have kept no order.
        event: delivery ? { ...event, key: delivery.key } : event,
        attempt: (delivery?.attempts ?? 0) + 1,
        owed: delivery !== undefined,
        outcome: decide(event.position),
      };
    });
  }

  /**
   * Reads claimed events that are owed, as far as they are there still.
   *
   * @param positions - of deliveries of the subscription
   */
  async readOwed(
    id: string,
    positions: readonly number[],
  ): Promise<LogEvent[]> {
    const owed = await this.#log.readPositions(positions);
    await this.#removeGone(id, positions, owed);
    return owed;
  }

  /**
   * Removes what was owed, and whose event went after the short time of an ephemeral topic. What the hard cap took lies
   * before the head of the log; the trimming removes and counts that itself.
   */
  async #removeGone(
    id: string,
    positions: readonly number[],
    found: readonly { position: number }[],
  ): Promise<void> {
    const here = new Set(found.map(({ position }) => position));
    const missing = positions.filter(position => !here.has(position));
    if (missing.length === 0) {
      return;
    }
    const { head } = await this.#log.ends();
    const gone = missing.filter(position => position > head);
    if (gone.length > 0) {
      await this.#deliveries.removeGone(id, gone);
    }
  }
}
