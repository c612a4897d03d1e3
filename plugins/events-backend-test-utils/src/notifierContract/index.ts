export { describeNotifierContract } from './describeNotifierContract';
export {
  describeReplicatedNotifierContract,
  type NotifierReplicas,
} from './describeReplicatedNotifierContract';
