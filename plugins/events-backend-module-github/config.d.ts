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
      };
    };
  };
}
