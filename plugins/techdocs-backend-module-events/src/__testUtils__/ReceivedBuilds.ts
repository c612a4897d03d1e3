import type { TechDocsBuild } from '@callboard/backstage-plugin-events-common';
import {
  techdocsBuild,
  type ContractEvent,
} from '@callboard/backstage-plugin-events-node';

type Received = Parameters<typeof techdocsBuild.recognises>[0];

/** What a subscriber of the topic `techdocs` was given. */
export class ReceivedBuilds {
  readonly events: ContractEvent<TechDocsBuild>[] = [];
  /** What does not fit the contract. */
  readonly misfits: unknown[] = [];
  #onAdded = () => {};

  add(event: Received): void {
    if (techdocsBuild.recognises(event)) {
      this.events.push(event);
    } else {
      this.misfits.push(techdocsBuild.findMisfit(event));
    }
    this.#onAdded();
  }

  /** Waits until so many events are there. */
  async until(count: number): Promise<void> {
    while (this.events.length + this.misfits.length < count) {
      await new Promise<void>(resolve => {
        this.#onAdded = resolve;
      });
    }
  }

  /** The events of one component. */
  of(name: string): ContractEvent<TechDocsBuild>[] {
    return this.events.filter(
      ({ eventPayload }) =>
        eventPayload.entityRef === `component:default/${name}`,
    );
  }

  /** What happened to which component, in short: `a: started`. */
  get steps(): string[] {
    return this.events.map(
      ({ eventPayload: { action, entityRef } }) =>
        `${entityRef.replace('component:default/', '')}: ${action.slice(
          'build_'.length,
        )}`,
    );
  }
}
