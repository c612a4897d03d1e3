import { callboardSystem } from '../portals/systems';
import { formatCount } from '../report/print';
import type { Meanwhile } from './drainBacklog';
import type { DeclaredEndpoint } from './withEndpoints';

/** Endpoints that are sent the same events. */
export interface EndpointGroup {
  name: string;
  /** Theirs alone. */
  topic: string;
  /** Requests under way at once, to each. */
  concurrency: number;
  endpoints: readonly DeclaredEndpoint[];
}

/** What a sender is measured at. */
export interface SendingCase {
  name: string;
  /** Name of the groups that it is measured with, of which one suits it best. */
  group: string;
  meanwhile?: Omit<Meanwhile, 'seconds'>;
}

/** A sender in a case. */
export interface SendingContestant {
  /** Of the case. */
  name: string;
  sender: string;
  concurrency: number;
}

export const callboard = callboardSystem.name;
export const bareLoop = 'bare loop';

const single = 'one endpoint';
const several = 'ten endpoints';
const meanwhile = { ratePerSecond: 1_000, publishers: 16 };

export const endpointGroups: readonly EndpointGroup[] = [
  ...[10, 30, 100].map(concurrency => createGroup(single, 1, concurrency)),
  createGroup(several, 10, 10),
];

export const sendingCases: readonly SendingCase[] = [
  { name: single, group: single },
  {
    name: `one, while ${formatCount(meanwhile.ratePerSecond)}/s are published`,
    group: single,
    meanwhile,
  },
  { name: several, group: several },
];

function createGroup(
  name: string,
  count: number,
  concurrency: number,
): EndpointGroup {
  const topic = `bench-${count}-${concurrency}`;
  return {
    name,
    topic,
    concurrency,
    endpoints: Array.from({ length: count }, (_, index) => ({
      id: `${topic}-${index}`,
      topics: [topic],
      concurrency,
    })),
  };
}
