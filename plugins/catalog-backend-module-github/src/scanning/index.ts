export { Scanner, type ScanReport } from './Scanner';
