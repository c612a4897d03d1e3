import type {
  CreateEvent,
  DeleteEvent,
  InstallationEvent,
  InstallationRepositoriesEvent,
  Organization,
  PingEvent,
  PublicEvent,
  PushEvent,
  RepositoryEvent,
  RepositoryTransferredEvent,
} from '@octokit/webhooks-types';
import type { GithubEventName, GithubHook } from './records';

/**
 * A transfer, which may come from an organization too: `@octokit/webhooks-types` 7.6 knows former owners that are users
 * only.
 *
 * @see https://docs.github.com/en/webhooks/webhook-events-and-payloads?actionType=transferred#repository
 *
 * @public
 */
export type GithubTransferredEvent = Omit<
  RepositoryTransferredEvent,
  'changes'
> & {
  changes: {
    owner: {
      from: RepositoryTransferredEvent['changes']['owner']['from'] & {
        organization?: Organization;
      };
    };
  };
};

/**
 * What the body of a webhook is, by its event.
 *
 * @public
 */
export interface GithubPayloads {
  create: CreateEvent;
  delete: DeleteEvent;
  installation: InstallationEvent;
  installation_repositories: InstallationRepositoriesEvent;
  ping: PingEvent;
  public: PublicEvent;
  push: PushEvent;
  repository:
    | Exclude<RepositoryEvent, RepositoryTransferredEvent>
    | GithubTransferredEvent;
}

/**
 * An event and its body.
 *
 * @public
 */
export type GithubMessage = {
  [Event in GithubEventName]: {
    readonly event: Event;
    readonly payload: GithubPayloads[Event];
  };
}[GithubEventName];

/**
 * An event as one hook gets it.
 *
 * @public
 */
export type GithubWebhook = GithubMessage & {
  readonly hook: GithubHook;
  /** Of which installation of an app. */
  readonly installationId: number | undefined;
  readonly repositoryId: number | undefined;
};
