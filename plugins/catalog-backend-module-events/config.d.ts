import type { HumanDuration } from '@backstage/types';

/** Durations are an object such as `{ minutes: 5 }`, or a text such as `5 minutes` or `PT5M`. */
export interface Config {
  catalog?: {
    /** Events about changes of the catalog. */
    events?: {
      /**
       * With `false` the module removes everything that it made in the database of the catalog, whatever waits in it
       * too, and does nothing more. Start once with it before you take the module out of the backend. Default: true.
       */
      enabled?: boolean;

      /**
       * What to tell of entities and locations that are there when the module is installed: nothing, or all of them as
       * created, once. What is cut off goes on at the next start. Default: `nothing`.
       */
      onInstall?: 'nothing' | 'snapshot';

      /**
       * Entities to tell of: those that fit one of the entries. One that begins to fit is told of as created,
       * and one that ceases to fit as deleted. An empty list tells of no entity. Locations are always told of. Default: all.
       */
      entities?: Array<{
        /** One of these kinds, in any case. Default: every kind. */
        kind?: string | string[];
        /** All of these annotations. Default: no matter which. */
        annotations?: Array<{
          name: string;
          /** Default: any value. */
          value?: string;
        }>;
      }>;

      /** What may wait in the database of the catalog while the events system is away. The oldest goes first. */
      outbox?: {
        /** Default: 7 days. */
        maxAge?: HumanDuration | string;
        /** Default: 1000000. */
        maxRows?: number;
      };

      /** The contract of the events system, as an API of the catalog: `api:default/backstage-events`. */
      contract?: {
        /** Whether it is there. Default: true. */
        enabled?: boolean;
        /** Reference of the group or user who owns it. Default: `unknown`. */
        owner?: string;
        /** Default: `production`. */
        lifecycle?: string;
      };
    };
  };
}
