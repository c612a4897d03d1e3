export { ScanSchedule } from './ScanSchedule';
export type { ScanReport } from './Scan';
export { Scanner } from './Scanner';
