export { askForRepositories, type Finding } from './askForRepositories';
export { FollowedOwners } from './FollowedOwners';
export {
  listRepositories,
  type ListingOrder,
  type RepositoryPage,
} from './listRepositories';
export type { FoundRepository } from './repositoryFragment';
