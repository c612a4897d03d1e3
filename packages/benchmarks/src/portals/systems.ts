import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { JsonObject } from '@backstage/types';

/** An events system that is measured between processes. */
export interface EventsSystem {
  name: string;
  /** Modules that run a portal with it; the same for both unless they have different parts. */
  publisherModule: string;
  readerModule: string;
  /** What the publisher's portal must be told when it has no events plugin of its own. */
  configurePublisher?(readerUrl: string): JsonObject;
  /** Whether an event that is lost, or comes twice, fails the benchmark. */
  losesNothing: boolean;
  /** Whether its portals can tell what happens within the events plugin. */
  isWatched: boolean;
}

const modulePath = (name: string) =>
  resolvePackagePath('benchmarks', `src/portals/${name}.ts`);

export const stockSystem: EventsSystem = {
  name: 'stock',
  publisherModule: modulePath('stock'),
  readerModule: modulePath('stock'),
  losesNothing: false,
  isWatched: false,
};

export const callboardSystem: EventsSystem = {
  name: 'callboard',
  publisherModule: modulePath('callboard'),
  readerModule: modulePath('callboard'),
  losesNothing: true,
  isWatched: true,
};

/** The publisher's process has no events plugin, and publishes over HTTP to the one beside the reader. */
export const callboardClientSystem: EventsSystem = {
  name: 'callboard over HTTP',
  publisherModule: modulePath('callboardClient'),
  readerModule: modulePath('callboard'),
  configurePublisher: readerUrl => ({
    discovery: {
      endpoints: [{ target: `${readerUrl}/api/events`, plugins: ['events'] }],
    },
  }),
  losesNothing: true,
  isWatched: false,
};

/** Everything that is measured between processes. */
export const systems: readonly EventsSystem[] = [
  stockSystem,
  callboardSystem,
  callboardClientSystem,
];

/** The packages that these systems are made of. */
export const systemPackages = [
  '@backstage/backend-defaults',
  '@backstage/plugin-events-backend',
  '@backstage/plugin-events-node',
  '@callboard/backstage-plugin-events-backend',
];
