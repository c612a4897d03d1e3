export { SqlEventLog } from './SqlEventLog';
export { GroupCommitter, type GroupCommitterOptions } from './GroupCommitter';
export type { EventHead, EventListing } from './operations/listEvents';
