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

    /** Events that are sent to URLs outside. */
    webhooks?: {
      /**
       * What webhooks may reach although it is inside the network: host names, `*.` and a suffix, IP addresses, and CIDRs.
       * Default: nothing.
       */
      allow?: string[];
      /**
       * Whether the URL of an endpoint may have the scheme `http`, which shows every event to whoever is on the way.
       * Default: false.
       */
      allowHttp?: boolean;
      /**
       * Keys that the secrets of endpoints are encrypted with in the database, of at least 32 characters each: the first
       * one encrypts, and any decrypts. Needed for endpoints that are made through the API. Make one with
       * `openssl rand -base64 32`.
       *
       * @deepVisibility secret
       */
      encryptionKeys?: string[];
      /** A proxy that requests go through; the addresses of receivers are checked all the same. Default: none. */
      proxy?: {
        /** With the scheme `http` or `https`. */
        url: string;
        username?: string;
        /** @visibility secret */
        password?: string;
      };
      /** What the `source` of CloudEvents begins with. Default: `app.baseUrl`. */
      source?: string;
      /** How long attempts are kept. Default: 30 days. */
      keepAttempts?: HumanDuration | string;
      /** An endpoint is disabled after so long of nothing but failures. Default: 5 days. */
      disableAfter?: HumanDuration | string;
      /**
       * Endpoints by their ids, of small letters, digits and dashes. The API shows them, and changes none of them.
       * Default: none.
       */
      endpoints?: {
        [id: string]: {
          /** Where requests go. */
          url: string;
          /** Names of topics; `*` stands for one segment, `**` at the end for one or more: `github.*`. */
          topics: string[];
          /** An expression in CEL; only events for which it is true are sent. Default: all. */
          filter?: string;
          /** Only events about entities that fit: each field must, and of several values one. Default: all. */
          entity?: {
            kind?: string[];
            namespace?: string[];
            /** References of owners, such as `group:default/platform`. */
            owner?: string[];
            /** References of systems. */
            system?: string[];
            tag?: string[];
            /** Annotations that it must have: with this value, or any for `true`. */
            annotation?: { [name: string]: string | true };
          };
          /** Default: `message`, which has the form of the contract. */
          format?: 'message' | 'cloudevents-structured' | 'cloudevents-binary';
          /** Several events in one request. Default: one. */
          batch?: { maxEvents: number };
          /** Whether events with the same key are sent one after the other. Default: true. */
          ordered?: boolean;
          /** Requests under way at once, per process. Default: 10. */
          concurrency?: number;
          /** Attempts that may begin in a time, over all processes. Default: no limit. */
          rateLimit?: { events: number; per: 'second' | 'minute' | 'hour' };
          /** For the whole exchange, in milliseconds, from 1000 to 30000. Default: 15000. */
          timeLimitMs?: number;
          /**
           * The pause before each attempt, the first included, in milliseconds. Default: the ten steps of Standard
           * Webhooks, over three days.
           */
          retryScheduleMs?: number[];
          /** Further headers. Credentials belong into `secrets.headers`. */
          headers?: { [name: string]: string };
          /** How the endpoint authenticates beside the signature. Default: not at all. */
          auth?:
            | { type: 'basic'; username: string }
            | {
                type: 'oauth2';
                tokenUrl: string;
                clientId: string;
                scope?: string;
                audience?: string;
                clientAuthentication?: 'basic' | 'body';
              };
          tls?: {
            /** The certificate to show, as PEM; its key is `secrets.tlsKey`. */
            certificate?: string;
            /** Authorities to trust in place of the usual ones, as PEM. */
            authorities?: string;
          };
          /** Default: `v1`, by a shared secret. `v1a` is by ed25519. */
          signatures?: Array<'v1' | 'v1a'>;
          /** Whether requests carry the trace of their event. Default: false. */
          traceparent?: boolean;
          /** The group or user of the catalog that answers for it, such as `group:default/platform`. */
          owner: string;
          description?: string;
          labels?: { [name: string]: string };
          /** @deepVisibility secret */
          secrets: {
            /** Keys to sign with, the newest first; several while one is replaced. `whsec_` or `whsk_`, and base64. */
            signing: string[];
            /** Further headers whose values are credentials. */
            headers?: { [name: string]: string };
            /** Of `auth` with the type `basic`. */
            password?: string;
            /** Of `auth` with the type `oauth2`. */
            clientSecret?: string;
            /** The key of `tls.certificate`, as PEM. */
            tlsKey?: string;
          };
        };
      };
    };
  };
}
