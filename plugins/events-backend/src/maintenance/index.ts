export { endUnwantedTopics } from './endUnwantedTopics';
export { expireSilentSubscriptions } from './expireSilentSubscriptions';
export { removeDeadDeliveries } from './removeDeadDeliveries';
export { rescueLapsedBatches } from './rescueLapsedBatches';
export { scheduleChores } from './scheduleChores';
export { trimEphemeralTopics } from './trimEphemeralTopics';
export { trimLog, type RetentionOptions } from './trimLog';
