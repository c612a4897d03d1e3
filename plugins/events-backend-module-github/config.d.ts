export interface Config {
  events?: {
    modules?: {
      github?: {
        /**
         * The secret that webhooks of GitHub are signed with; a list while it is being replaced.
         *
         * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
         * @visibility secret
         * @deepVisibility secret
         */
        webhookSecret?: string | string[];
        /**
         * Accepts webhooks of GitHub without checking who sent them. For a portal on one's own machine only.
         */
        dangerouslyAllowUnauthenticatedEvents?: boolean;
      };
    };
  };
}
