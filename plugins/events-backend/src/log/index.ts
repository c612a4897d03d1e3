export { SqlEventLog } from './SqlEventLog';
export type { EventHead, EventListing } from './operations/listEvents';
