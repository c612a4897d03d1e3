import { resolvePackagePath } from '@backstage/backend-plugin-api';

/** An events system that is measured between processes. */
export interface EventsSystem {
  name: string;
  /** Modules that run a portal with it; the same for both unless they have different parts. */
  publisherModule: string;
  readerModule: string;
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

/** Everything that is measured between processes. */
export const systems: readonly EventsSystem[] = [stockSystem, callboardSystem];

/** The packages that these systems are made of. */
export const systemPackages = [
  '@backstage/backend-defaults',
  '@backstage/plugin-events-backend',
  '@backstage/plugin-events-node',
  '@callboard/backstage-plugin-events-backend',
];
