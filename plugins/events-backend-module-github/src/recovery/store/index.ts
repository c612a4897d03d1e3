export type {
  DueDelivery,
  HookProgress,
  JudgedPage,
  RecoveryReason,
} from './DueDelivery';
export type { AfterPage } from './operations/notePage';
export { RecoveryStore } from './RecoveryStore';
