import type { HumanDuration } from '@backstage/types';

// A secret that may be a text or a list has two tags: one hides the text, the other the entries of the list.

/** Durations are an object such as `{ minutes: 5 }`, or a text such as `5 minutes` or `PT5M`. */
export interface Config {
  events?: {
    /** How the database of the events plugin is used. */
    store?: {
      /**
       * How long PostgreSQL may take to answer one statement. Then its connection is taken for dead and given up, and
       * what failed is tried again over another one. At least 1 second. Default: 30 seconds.
       */
      timeLimit?: HumanDuration | string;
    };

    /** How events come in from plugins and ingresses. */
    publish?: {
      /**
       * How long `publish` tries to append while the store is away, before it rejects. Default: 30 seconds.
       */
      timeLimit?: HumanDuration | string;
      /**
       * The largest payload of an event, in bytes as JSON; larger ones are refused. Default: 33554432 (32 MiB).
       */
      maxPayloadBytes?: number;
      /**
       * Payload that may wait for its append at once, in bytes; beyond it events are refused at once, and ingresses
       * answer 503. Bounds the memory while the store is slow or away. Default: 268435456 (256 MiB).
       */
      maxQueuedBytes?: number;
    };

    /** What is published under the topics of the contract: see `GET /api/events/asyncapi.yaml`. */
    contract?: {
      /**
       * What becomes of an event that does not fit the contract of its topic: it is refused (`enforce`), stored and told
       * of in the log (`warn`), or not looked at (`off`). Default: `warn`.
       */
      validation?: 'enforce' | 'warn' | 'off';
    };

    /** Doors for webhooks: `POST /api/events/http/{topic}`. */
    http?: {
      /**
       * Topics with an ingress. Events of a topic that no module or entry of `ingresses` guards are taken from
       * anybody. Default: none.
       */
      topics?: string[];
      /**
       * The largest body, in bytes after decompression; larger ones are answered with 413. Default: 26214400
       * (25 MiB), the most that GitHub sends.
       */
      maxBodyBytes?: number;
      /**
       * What the bodies of all requests to ingresses may take together in one process while they are read, checked and
       * appended, in bytes after decompression; beyond it an ingress answers 503. Bounds the memory, since a body is
       * read before its sender is known. Not below `maxBodyBytes`. Default: 268435456 (256 MiB), or `maxBodyBytes` if
       * that is more.
       */
      maxHeldBytes?: number;
      /**
       * How long an ingress tries to append while the store is away, before it answers 503. Default: 4 seconds,
       * since senders such as GitHub give up after ten.
       */
      timeLimit?: HumanDuration | string;
      /**
       * Ingresses with a proof of origin, for senders that have no module. Each has exactly one of `hmac`, `token` and
       * `basicAuth`; a request without valid proof is answered with 403. Default: none.
       */
      ingresses?: Array<{
        /** The topic, and the last segment of the path. Needs no entry in `topics`. */
        topic: string;
        /** The sender signs the raw body with a shared secret. */
        hmac?: {
          /**
           * The shared secret; a list while it is being replaced, of which any may match.
           *
           * @visibility secret
           * @deepVisibility secret
           */
          secret: string | string[];
          /** Name of the header with the signature. */
          header: string;
          /** A hash that Node.js knows. Default: `sha256`. */
          algorithm?: string;
          /** How the signature is written. Default: `hex`. */
          encoding?: 'hex' | 'base64';
          /** What stands before the signature, such as `sha256=`. Default: nothing. */
          prefix?: string;
        };
        /** The sender repeats a shared secret in a header. */
        token?: {
          /**
           * The shared secret; a list while it is being replaced, of which any may match.
           *
           * @visibility secret
           * @deepVisibility secret
           */
          secret: string | string[];
          /** Name of the header with the secret. */
          header: string;
        };
        /** The sender logs in with HTTP basic authentication. */
        basicAuth?: {
          username: string;
          /**
           * The password; a list while it is being replaced, of which any may match.
           *
           * @visibility secret
           * @deepVisibility secret
           */
          password: string | string[];
        };
        /**
         * Name of the header with the key: events with the same key are handled one at a time, in order. Default: no
         * key.
         */
        keyHeader?: string;
        /**
         * Name of the header with the sender's id of the delivery: the same id is stored once while the log holds it.
         * Default: every request is an event.
         */
        deduplicationHeader?: string;
      }>;
    };

    /**
     * How long a request for events of a process that keeps the stock events service is held when there is nothing to
     * read, in milliseconds. Keep it below the time after which proxies in between end a silent connection, and below
     * `subscriptions.expireAfter`. Default: 55000.
     */
    notifyTimeoutMs?: number;

    /** How events are handed to the handlers of plugins. */
    handlers?: {
      /** Events that one subscription handles side by side, per process. Default: 10. */
      concurrency?: number;
      /**
       * How long a handler may take for one event, before the attempt counts as failed. Default: 5 minutes.
       */
      timeLimit?: HumanDuration | string;
      /** How long handlers may go on when the process shuts down. Default: 10 seconds. */
      shutdownGrace?: HumanDuration | string;
      /** What follows when a handler fails. */
      retry?: {
        /**
         * Attempts before the delivery is dead, the first included. A dead delivery can be replayed. Default: 10.
         */
        maxAttempts?: number;
        /** Pause after the first failure; each further one is three times as long. Default: 1 second. */
        initialDelay?: HumanDuration | string;
        /** The longest pause. Default: 15 minutes. */
        maxDelay?: HumanDuration | string;
      };
    };

    /** How the log is read. */
    subscriptions?: {
      /**
       * How long a reader that gave no sign of life keeps the events it has claimed; then they are delivered again.
       * At least 1 second. Default: 30 seconds.
       */
      lease?: HumanDuration | string;
      /**
       * How often a reader looks by itself when no wake-up comes; readers are woken when something is appended, but
       * a wake-up of another replica may be lost. At least 50 milliseconds. Default: 2 seconds.
       */
      pollInterval?: HumanDuration | string;
      /**
       * After this time without a reader a subscription is removed, so that it does not hold the log. At least
       * 1 minute. Default: 7 days.
       */
      expireAfter?: HumanDuration | string;
    };

    /** What is owed because handling failed. */
    deliveries?: {
      /** How long dead deliveries, and the events they belong to, are kept for a replay. Default: 14 days. */
      keepDead?: HumanDuration | string;
    };

    /** Topics whose events are of use for a moment only: kept for a short time, tried once, in no order. */
    ephemeral?: {
      /** Their names. A list replaces the default: `[signals]`. */
      topics?: string[];
      /**
       * Their events go after this time, read or not, and subscriptions that want nothing else go after this time
       * without a reader. At least 1 minute. Default: 10 minutes.
       */
      retention?: HumanDuration | string;
    };

    /** How long events are kept. */
    log?: {
      /**
       * Events younger than this stay, read or not; older ones go once nobody needs them. A repeated delivery is
       * recognised within this time. Default: 7 days.
       */
      retention?: HumanDuration | string;
      /**
       * Hard cap: older events go even if somebody still has to read them, which is logged as an error. Not shorter
       * than `retention`. Default: 30 days.
       */
      maxAge?: HumanDuration | string;
      /**
       * Hard cap: the log holds about this many events, and the oldest go even if somebody still has to read them.
       * Default: 10000000.
       */
      maxEvents?: number;
    };

    /** Readers outside that follow the log: `GET /api/events/v1/stream`, and polls that wait. */
    streams?: {
      /**
       * Streams and waiting polls that one process serves at once; more are answered with 503. Each may cost about
       * 1 MiB of memory, or one event if that is larger. Default: 100.
       */
      maxStreams?: number;
      /**
       * A stream ends by itself after this time. The client comes again, goes on where it was, and is asked for its
       * permission again. At most 24 days. Default: 30 minutes.
       */
      timeLimit?: HumanDuration | string;
      /** A client that takes nothing for this time is disconnected. Default: 1 minute. */
      stallLimit?: HumanDuration | string;
      /**
       * How often a stream says something even if no event comes, so that proxies keep it open. Default: 15 seconds.
       */
      heartbeat?: HumanDuration | string;
    };
  };
}
