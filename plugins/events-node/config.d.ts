import type { HumanDuration } from '@backstage/types';

/** What a backend without the plugin `events` reads; see the configuration of that plugin for the rest. */
export interface Config {
  events?: {
    publish?: {
      /** How long `publish` tries while the events plugin is away, before it rejects. Default: 30 seconds. */
      timeLimit?: HumanDuration | string;
      /**
       * Bytes of events that may wait to be sent at once, per plugin; beyond it `publish` rejects at once. Default:
       * 67108864 (64 MiB).
       */
      maxQueuedBytes?: number;
    };
    handlers?: {
      /** Events that one subscription handles side by side, per process. Default: 10. */
      concurrency?: number;
      /** How long a handler may take for one event, before the attempt counts as failed. Default: 5 minutes. */
      timeLimit?: HumanDuration | string;
      /** How long handlers may go on when the process shuts down. Default: 10 seconds. */
      shutdownGrace?: HumanDuration | string;
    };
  };
}
