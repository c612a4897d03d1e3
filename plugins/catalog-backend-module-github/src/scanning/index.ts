export { ScanSchedule } from './ScanSchedule';
export { Scanner, type ScanReport } from './Scanner';
