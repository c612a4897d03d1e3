export { BuildTeller } from './BuildTeller';
