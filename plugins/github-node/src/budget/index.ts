export { Budgets } from './Budgets';
export { RateBudget, type BudgetOwner, type MetLimit } from './RateBudget';
export {
  readRate,
  type AnswerHeaders,
  type GithubResource,
  type Rate,
} from './readRate';
