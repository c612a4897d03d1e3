import type { LoggerService } from '@backstage/backend-plugin-api';
import { InputError } from '@backstage/errors';
import {
  eventMetadata,
  type NewEvent,
} from '@callboard/backstage-plugin-events-node';
import type { Contract } from './Contract';

/** What becomes of an event that does not fit: it is refused, it is told of, or nobody looks. */
export type ContractValidation = 'enforce' | 'warn' | 'off';

/** Is told of events that do not fit. */
export interface ContractObserver {
  onMisfit(topic: string): void;
}

/** How often to say that events do not fit in the same way, in milliseconds. */
const remindAfterMs = 10 * 60_000;
/** Of ways in which events do not fit; a sender may find ever new ones. */
const maxRemembered = 1_000;

/**
 * Makes the check of events that are about to be appended.
 *
 * @returns a function that throws an InputError for an event that does not fit, when that is refused
 */
export function createContractCheck(options: {
  contract: Contract;
  validation: ContractValidation;
  observer: ContractObserver;
  logger: LoggerService;
}): (event: NewEvent, eventPayload: unknown) => void {
  const { contract, validation, observer, logger } = options;
  if (validation === 'off') {
    return () => {};
  }
  const saidAtMs = new Map<string, number>();
  const warn = (event: NewEvent, metadata: Metadata, problem: string) => {
    const source = metadata[eventMetadata.source];
    const way = `${source} ${event.topic} ${problem}`;
    const nowMs = performance.now();
    const isKnown = nowMs - (saidAtMs.get(way) ?? -Infinity) < remindAfterMs;
    logger[isKnown ? 'debug' : 'warn'](
      `Event ${event.id} of topic ${event.topic} from ${source} does not fit the contract, and is stored all the same (events.contract.validation): ${problem}`,
    );
    if (!isKnown) {
      if (saidAtMs.size >= maxRemembered) {
        saidAtMs.clear();
      }
      saidAtMs.set(way, nowMs);
    }
  };
  return (event, eventPayload) => {
    const { topic } = event;
    if (!contract.covers(topic)) {
      return;
    }
    const metadata: Metadata = JSON.parse(event.metadata);
    const misfit =
      contract.findMisfit({ topic, eventPayload, metadata }) &&
      // As a subscriber is given it: what JSON makes of a payload, of a date for example, may differ from what was published.
      contract.findMisfit({
        topic,
        eventPayload: JSON.parse(event.payload),
        metadata,
      });
    if (!misfit) {
      return;
    }
    observer.onMisfit(topic);
    const problem = `${misfit.path || 'the event'} ${misfit.reason}`;
    if (validation === 'enforce') {
      throw new InputError(
        `The event does not fit the contract of topic '${topic}': ${problem}. GET /api/events/asyncapi.yaml has the contract`,
      );
    }
    warn(event, metadata, problem);
  };
}

type Metadata = Record<string, string | string[]>;
