import type { AuditorService } from '@backstage/backend-plugin-api';
import type { Notifier } from '@callboard/backstage-plugin-events-node';
import type { DeliveryPool } from '../../deliveries';
import type { SqlEventLog } from '../../log';
import type { SubscriptionPool } from '../../subscriptions';
import type { EndpointAccess, EndpointAccessOptions } from './EndpointAccess';
import type { EndpointDoor } from './EndpointDoor';

/** What the routes of endpoints look into, and who guards them. */
export interface EndpointApiOptions extends EndpointAccessOptions {
  door: EndpointDoor;
  log: SqlEventLog;
  subscriptions: SubscriptionPool;
  deliveries: DeliveryPool;
  notifier: Notifier;
  auditor: AuditorService;
}

/** What each group of routes is given. */
export interface EndpointApi
  extends Omit<EndpointApiOptions, keyof EndpointAccessOptions> {
  endpoints: EndpointAccessOptions['endpoints'];
  access: EndpointAccess;
}
