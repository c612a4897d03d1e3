export { endUnwantedTopics } from './endUnwantedTopics';
export { expireSilentSubscriptions } from './expireSilentSubscriptions';
export { removeDeadDeliveries } from './removeDeadDeliveries';
export { removeOldAttempts } from './removeOldAttempts';
export { rescueLapsedBatches } from './rescueLapsedBatches';
export { scheduleChores } from './scheduleChores';
export { tendSecrets } from './tendSecrets';
export { trimEphemeralTopics } from './trimEphemeralTopics';
export { trimLog, type RetentionOptions } from './trimLog';
