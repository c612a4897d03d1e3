export { Telemetry } from './Telemetry';
