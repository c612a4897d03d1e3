export {
  ContractProvider,
  type ContractEntityOptions,
} from './ContractProvider';
