import type { AccessTokens } from './AccessTokens';
import type { GithubModel } from './model/GithubModel';
import type { GithubState } from './model/GithubState';
import type { RateLimits } from './RateLimits';
import type { DeliveryLog } from './webhooks/DeliveryLog';
import type { WebhookSender } from './webhooks/WebhookSender';

/** What the answers of the API are made from. */
export interface GithubParts {
  model: GithubModel;
  /** That of the model, or what replicas have of it. */
  state: GithubState;
  tokens: AccessTokens;
  deliveries: DeliveryLog;
  sender: WebhookSender;
  rateLimits: RateLimits;
  /** How many entries of a tree REST lists before it says that there are more. */
  maxTreeEntries: number;
}
