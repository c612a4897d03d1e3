import type { HumanDuration } from '@backstage/types';

export interface Config {
  events?: {
    modules?: {
      github?: {
        /**
         * The secret that webhooks of GitHub are signed with.
         *
         * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
         * @visibility secret
         */
        webhookSecret?: string;
        /**
         * Secrets that are accepted besides `webhookSecret`, while it is being replaced.
         *
         * @deepVisibility secret
         */
        previousWebhookSecrets?: string[];
        /**
         * Accepts webhooks of GitHub without checking who sent them. For a portal on one's own machine only.
         */
        dangerouslyAllowUnauthenticatedEvents?: boolean;
        /** Fetches webhooks that did not arrive from the log that GitHub keeps of them for three days. */
        recovery?: {
          /**
           * On unless it is `false`, if there is an app in `integrations.github[].apps`, or an entry in `hooks`.
           */
          enabled?: boolean;
          /** How often it is looked for them, besides at each start. 10 minutes by default, at least 1 second. */
          frequency?: HumanDuration | string;
          /** How long a turn may take; the next one goes on. 5 minutes by default, at least 1 second. */
          timeout?: HumanDuration | string;
          /** How many deliveries of one webhook a turn may fetch. 1,000 by default. */
          maxDeliveries?: number;
          /**
           * Where the webhooks of GitHub are sent, if that does not end with `/api/events/http/github`, or is at another host
           * or port than `backend.baseUrl`, as when a proxy leads them here. It must be the whole URL that the webhooks have
           * at GitHub; webhooks with any other are let be then, besides those of `hooks` that have a `hookId`.
           */
          url?: string;
          /** Webhooks of organizations and repositories. Those of apps need no entry. */
          hooks?: Array<{
            /** The login of the organization; or else `repository`. */
            organization?: string;
            /** Owner and name, such as `acme/site`. */
            repository?: string;
            /** The host of an entry of `integrations.github`; that of the first by default. */
            host?: string;
            /** The number of the webhook; the one that goes to the portal's ingress by default. */
            hookId?: number;
          }>;
        };
      };
    };
  };
}
