export {
  readRecoverySettings,
  type RecoverySettings,
} from './readRecoverySettings';
export { scheduleRecovery } from './scheduleRecovery';
