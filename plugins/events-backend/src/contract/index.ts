export { Contract } from './Contract';
export {
  createContractCheck,
  type ContractObserver,
  type ContractValidation,
} from './createContractCheck';
